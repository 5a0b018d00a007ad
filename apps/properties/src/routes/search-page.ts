import type { MaybeAccountEnv } from "@quintet/auth";
import { inputFaults, Problem } from "@quintet/http";
import { type PageFrame, sendPage } from "@quintet/pages";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import { withLikes } from "../likes/likes.ts";
import { home, withdrawnPath } from "../pages/frame.ts";
import { withdrawnPageText } from "../pages/list-pages.ts";
import { hasMap, mapFiles } from "../pages/map.ts";
import { type PageQuery, parametersOf, searchAddress, tidyQuery } from "../pages/page-query.ts";
import { saveSearchForm } from "../pages/saved-search-pages.ts";
import { type FacetCounts, pageSort } from "../pages/search-form.ts";
import { type Results, searchPage } from "../pages/search-page.ts";
import { countResults, type FacetName } from "../search/facets.ts";
import { searchProperties } from "../search/search.ts";
import type { SearchInput } from "../search/search-request.ts";
import { searchCursor, searchPosition } from "./cursors.ts";
import { nobody } from "./pages.ts";
import { searchQuery } from "./search-schemas.ts";
import { withdrawnPage } from "./withdrawn.ts";

type PageDeps = Pick<Deps, "db" | "cursorKey" | "mapTiles" | "savedSearches">;

/** Properties on a page. */
const pageSize = 24;

/** Sends the search as a page; undefined when its query asks for a format that is none. */
export async function sendSearchPage(
  c: Context<MaybeAccountEnv>,
  deps: PageDeps,
  frame: PageFrame,
): Promise<Response | undefined> {
  const given = new URL(c.req.url).searchParams;
  if (given.has("format")) return undefined;
  const tidy = tidyQuery(given);
  // A form sends its empty fields as well: the address of the page has none of them.
  if (tidy.toString() !== given.toString()) return c.redirect(searchAddress(tidy), 303);
  const cursor = tidy.get("cursor") ?? undefined;
  const query = new URLSearchParams([...tidy].filter(([name]) => name !== "cursor"));
  const parsed = searchQuery.safeParse({ sort: pageSort, limit: String(pageSize), ...parametersOf(tidy) });
  if (!parsed.success) {
    const refusal = { heading: "This search is not possible", faults: inputFaults(parsed.error) };
    const { columns } = await deps.db.source();
    const body = searchPage({ query, facets: {}, columns, isFirst: true, refusal });
    return sendPage(c, frame, { title: "Search", body, status: 400 });
  }
  const { limit, cursor: _, format, formulas, fields, count, facets, withdrawn, ...search } = parsed.data;
  if (withdrawn) return sendWithdrawn(c, deps, frame, { limit, cursor });
  const after = cursor === undefined ? undefined : searchPosition(deps.cursorKey, search.sort, cursor);
  return showResults(c, { deps, frame, query, search: { ...search, after }, limit });
}

interface Shown {
  deps: PageDeps;
  frame: PageFrame;
  query: PageQuery;
  search: SearchInput;
  limit: number;
}

async function showResults(c: Context<MaybeAccountEnv>, shown: Shown): Promise<Response> {
  const { deps, frame, query, search, limit } = shown;
  const { after, ...all } = search;
  const isFirst = after === undefined;
  const { columns } = await deps.db.source();
  try {
    const [page, total, facets] = await Promise.all([
      searchProperties(deps.db, search, limit),
      totalOf(deps, all),
      facetsOf(deps, all),
    ]);
    const properties = await withLikes(deps.db, c.var.account?.id ?? nobody, page.properties);
    const next = page.end ? searchCursor(deps.cursorKey, search.sort, page.end) : null;
    const results: Results = { properties, ...total, next };
    const save = c.var.account ? saveSearchForm(query, deps.savedSearches.notifies) : undefined;
    const body = searchPage({ query, facets, columns, results, isFirst, tiles: deps.mapTiles, save });
    const files = hasMap(properties, query.get("bbox") ?? undefined) ? mapFiles(deps.mapTiles) : {};
    return await sendPage(c, frame, { title: "Search", body, ...files });
  } catch (error) {
    if (!isUnserved(error)) throw error;
    const refusal = { heading: error.message, faults: [] };
    return sendPage(c, frame, {
      title: "Search",
      body: searchPage({ query, facets: {}, columns, isFirst, refusal }),
      status: 422,
    });
  }
}

/** The number of results, exact where an index counts them. */
async function totalOf({ db }: PageDeps, search: SearchInput): Promise<{ total: number; isExact: boolean }> {
  const exact = await countResults(db, search, { count: "exact", facets: [] }).catch(ifUnserved);
  if (exact) return { total: exact.total ?? 0, isExact: true };
  const { total = 0 } = await countResults(db, search, { count: "estimated", facets: [] });
  return { total, isExact: false };
}

/** The values of each filter with their counts, as if the filter itself were not set; undefined where no index counts them. */
async function facetsOf({ db }: PageDeps, search: SearchInput): Promise<FacetCounts> {
  const { year: _, ...anyYear } = search;
  const counted = async (name: FacetName, without: SearchInput) =>
    (await countResults(db, without, { facets: [name] }).catch(ifUnserved))?.facets?.[name];
  const [city, status, year] = await Promise.all([
    counted("city", { ...search, cities: [] }),
    counted("status", { ...search, statuses: [] }),
    counted("year", anyYear),
  ]);
  return { city, status, year };
}

function isUnserved(error: unknown): error is Problem {
  return error instanceof Problem && error.code === "unprocessable";
}

function ifUnserved(error: unknown): undefined {
  if (!isUnserved(error)) throw error;
}

async function sendWithdrawn(
  c: Context<MaybeAccountEnv>,
  deps: PageDeps,
  frame: PageFrame,
  page: { limit: number; cursor: string | undefined },
): Promise<Response> {
  const { properties, nextCursor } = await withdrawnPage(c, deps, page);
  const links = {
    first: page.cursor === undefined ? undefined : withdrawnPath,
    next: nextCursor === null ? undefined : `${home}?${new URLSearchParams({ withdrawn: "true", cursor: nextCursor })}`,
  };
  return sendPage(c, frame, { title: "Withdrawn", body: withdrawnPageText(properties, links) });
}
