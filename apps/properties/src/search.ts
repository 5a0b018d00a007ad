import type { Database } from "./database.ts";
import type { Property } from "./property.ts";
import { countOfPrice, type FoundProperty, findPage, findPageByWords, scanForWords } from "./search-queries.ts";
import { hasPriceApart, type Search, type Through } from "./search-statements.ts";
import type { Place } from "./sort-orders.ts";

/** A page of a search; `end` is the place of its last property when more follow. */
export interface SearchPage {
  properties: Property[];
  end: Place | undefined;
}

/** How many listings are looked at in order, in turn, before the full-text index is asked. */
const scans = [200, 2000];

/** Prices that fewer listings than this have are found by their index and sorted. */
const fewOfPrice = 4000;

/** The first `limit` visible properties of a search, each once, with its latest status. */
export async function searchProperties(db: Database, search: Search, limit: number): Promise<SearchPage> {
  const wanted = limit + 1;
  const through = await chooseIndex(db, search);
  const found =
    search.words.length === 0
      ? await findPage(db, search, through, wanted)
      : await findWithWords(db, search, through, wanted);
  const page = found.slice(0, limit);
  return {
    properties: page.map(({ property }) => property),
    end: found.length > limit ? page.at(-1)?.place : undefined,
  };
}

/**
 * Prices that many listings have are soon met when reading in order, and those that few have are soon sorted; the other way
 * round each takes a second at a million listings. The optimizer was seen to choose wrongly; a count up to a bound is
 * right and takes a few milliseconds.
 */
async function chooseIndex(db: Database, search: Search): Promise<Through> {
  if (!hasPriceApart(search)) return "order";
  return (await countOfPrice(db, search, fewOfPrice)) < fewOfPrice ? "price" : "order";
}

/**
 * Words that many listings have are soon met when reading in order, and words that few have are found by the full-text
 * index, which has to read and sort every listing that has them. Here no count is to be had beforehand, so: first the one,
 * for a bounded number of listings, then the other for what is still missing.
 */
async function findWithWords(db: Database, search: Search, through: Through, wanted: number): Promise<FoundProperty[]> {
  const found: FoundProperty[] = [];
  let after = search.after;
  for (const rows of scans) {
    const { matches, end } = await scanForWords(db, { ...search, after }, through, rows);
    found.push(...matches);
    if (end === undefined || found.length >= wanted) return found;
    after = end;
  }
  found.push(...(await findPageByWords(db, { ...search, after }, wanted - found.length)));
  return found;
}
