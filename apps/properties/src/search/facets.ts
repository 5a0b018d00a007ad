import { Problem } from "@quintet/http";
import { type Database, select } from "../database.ts";
import type { Statuses } from "../source/statuses.ts";
import { fill, numbered, parameters, type RowOf } from "../sql/statements.ts";
import { countIds, type IdSet, idsOf, intersect } from "../term-index/id-sets.ts";
import { rangeOfColumn } from "../term-index/terms.ts";
import { findMatches } from "./matches.ts";
import { bucketsIn } from "./search-plan.ts";
import { type SearchInput, withStatusIds } from "./search-request.ts";
import { idsAtOnce } from "./search-statements.ts";

export const facetNames = ["city", "status", "year"] as const;

export type FacetName = (typeof facetNames)[number];

/** How many results of a search have a value. */
export interface FacetCount {
  value: string | number;
  count: number;
}

/** Numbers that describe all results of a search, whatever its page. */
export interface Totals {
  total?: number;
  facets?: { [N in FacetName]?: FacetCount[] };
}

/** Max values of a facet. */
export const maxValues = 100;

/**
 * Counts all results of a search. `count` asks for `total`: `estimated` is never less than the exact number. A 422 when the index serves no
 * exact count, which facets need as well.
 */
export async function countResults(
  db: Database,
  input: SearchInput,
  wanted: { count?: "exact" | "estimated" | undefined; facets: FacetName[] },
): Promise<Totals> {
  if (!wanted.count && wanted.facets.length === 0) return {};
  const statuses = await db.fresh();
  const { ids, isExact } = await findMatches(db, withStatusIds(input, statuses));
  if (!isExact && wanted.count === "exact") throw notCounted("count", "Use count=estimated");
  if (!isExact && wanted.facets.length > 0) throw notCounted("facets", "Leave out facets");
  const facets: Totals["facets"] = {};
  const areFew = countIds(ids) <= db.limits.sorted;
  const few = areFew && wanted.facets.length > 0 ? await readRows(db, [...idsOf(ids, false)]) : undefined;
  for (const name of wanted.facets) {
    facets[name] = await withValues(db, few ? groupRows(few, name) : await groupTerms(db, ids, name), name, statuses);
  }
  return {
    ...(wanted.count ? { total: countIds(ids) } : {}),
    ...(wanted.facets.length > 0 ? { facets } : {}),
  };
}

/** A group of results with the same value, and one of them. */
interface Group {
  count: number;
  id: number;
}

/** The values of the largest groups, most frequent first. */
async function withValues(db: Database, groups: Group[], name: FacetName, statuses: Statuses): Promise<FacetCount[]> {
  const frequent = groups.toSorted((a, b) => b.count - a.count || a.id - b.id).slice(0, maxValues);
  const ids = frequent.map(({ id }) => id);
  const rows = new Map((await readRows(db, ids)).map((row) => [row.id, row]));
  return frequent.flatMap(({ count, id }) => {
    const row = rows.get(id);
    if (!row) return [];
    const value = name !== "status" ? row[name] : row.statusId === null ? null : statuses.nameOf(row.statusId);
    return value === null ? [] : [{ value, count }];
  });
}

/** Groups few listings by their rows, which are in the order of their ids. */
function groupRows(rows: FacetRow[], name: FacetName): Group[] {
  const keys = { city: "cityKey", status: "statusId", year: "year" } as const;
  const groups = Map.groupBy(
    rows.filter((row) => row[keys[name]] !== null),
    (row) => row[keys[name]],
  );
  return [...groups.values()].map((some) => ({ count: some.length, id: Math.min(...some.map(({ id }) => id)) }));
}

/** Groups any number of listings by intersecting them with those of each value. */
async function groupTerms(db: Database, ids: IdSet, name: FacetName): Promise<Group[]> {
  const budget = { rows: db.limits.rowsOfFacet };
  const stop = () => notCounted("facets", `${name} has too many values; leave it out`);
  const groups: Group[] = [];
  for await (const { members } of bucketsIn(db, rangeOfColumn(name), false, budget, stop)) {
    const some = intersect(ids, members);
    for (const id of idsOf(some, false)) {
      groups.push({ count: countIds(some), id });
      break;
    }
  }
  return groups;
}

type FacetRow = RowOf<"facet-rows">;

async function readRows(db: Database, ids: number[]): Promise<FacetRow[]> {
  const text = fill(db.statements["facet-rows"], { ids: parameters("id", idsAtOnce) });
  const rows: FacetRow[] = [];
  for (let i = 0; i < ids.length; i += idsAtOnce) {
    const values = numbered("id", ids.slice(i, i + idsAtOnce), idsAtOnce);
    rows.push(...(await select(db.searchPool, text, values)));
  }
  return rows;
}

function notCounted(path: "count" | "facets", instead: string): Problem {
  const message = `No index counts this search exactly: too many listings would have to be read. ${instead}, or narrow the search.`;
  return new Problem("unprocessable", message, { errors: [{ path, message }] });
}
