import type { Database } from "./database.ts";
import { addId, addMembers, addWholeBlock, countIds, type IdSet, intersect } from "./id-sets.ts";
import { findByPrice } from "./search-queries.ts";
import type { Search } from "./search-statements.ts";
import { statusIds, visibleStatuses } from "./statuses.ts";
import { findCityKey, findUnreadyBlocks, readTerms } from "./term-queries.ts";
import { rangeOfCity, rangeOfStatuses, rangeOfWord, rangeOfYear, rangesOfPrices, type TermRange } from "./terms.ts";

/** The listings that may match a search: all that do, and some besides. */
export interface Candidates {
  /** `undefined` when every listing may. */
  ids: IdSet | undefined;
  /** Whether a condition is left to the listings themselves, because the index has too much of it. */
  loose: boolean;
  /** Blocks that are not indexed yet: all of their listings are among the candidates. */
  unready: number[];
}

/** Reads from the index which listings may match, one condition after the other until few are left. The place of the search is left out. */
export async function findCandidates(db: Database, search: Search): Promise<Candidates> {
  const unready = await findUnreadyBlocks(db, db.searching, db.bounds.rowsOfTerm);
  let ids: IdSet | undefined;
  let loose = false;
  for (const condition of conditionsOf(db, search, unready)) {
    const some = await condition();
    if (some) ids = ids ? intersect(ids, some) : some;
    else loose = true;
    if (ids && countIds(ids) <= db.bounds.few) break;
  }
  return { ids, loose, unready };
}

type Condition = () => Promise<IdSet | undefined>;

/** Long words first: they are likely to be rare. The status is last, because nearly every listing has a visible one. */
function conditionsOf(db: Database, search: Search, unready: number[]): Condition[] {
  const { words, city, year, minPrice, maxPrice, status } = search;
  const inRanges = (ranges: TermRange[]) => readRanges(db, ranges, unready);
  const statuses = (status ? [status] : visibleStatuses).map((name) => statusIds[name]);
  const hasPrices = minPrice !== undefined || maxPrice !== undefined;
  return [
    ...words.toSorted((a, b) => b.length - a.length).map((word) => () => inRanges([rangeOfWord(word)])),
    ...(city === undefined ? [] : [async () => inRanges([rangeOfCity(await findCityKey(db, city))])]),
    ...(year === undefined ? [] : [() => inRanges([rangeOfYear(year)])]),
    ...(hasPrices
      ? [
          async () =>
            setOf(await findByPrice(db, search, db.bounds.ofPrice)) ??
            inRanges(rangesOfPrices(minPrice ?? 0, maxPrice ?? Number.MAX_SAFE_INTEGER)),
        ]
      : []),
    () => inRanges([rangeOfStatuses(Math.min(...statuses), Math.max(...statuses))]),
  ];
}

/** The ids under any term of the ranges; `undefined` when that is more than may be read. */
async function readRanges(db: Database, ranges: TermRange[], unready: number[]): Promise<IdSet | undefined> {
  const set: IdSet = new Map();
  for (const range of ranges) {
    const rows = await readTerms(db, range, db.bounds.rowsOfTerm);
    if (rows.length === db.bounds.rowsOfTerm) return undefined;
    for (const { block, members } of rows) addMembers(set, block, members);
  }
  for (const block of unready) addWholeBlock(set, block);
  return set;
}

function setOf(ids: number[] | undefined): IdSet | undefined {
  if (!ids) return undefined;
  const set: IdSet = new Map();
  for (const id of ids) addId(set, id);
  return set;
}
