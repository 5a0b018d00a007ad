import type { Database } from "../database.ts";
import { statusIds, visibleStatuses } from "../properties/statuses.ts";
import { addId, addMembers, addWholeBlock, countIds, type IdSet, intersect } from "../term-index/id-sets.ts";
import { findCityKey, findUnreadyBlocks, readTerms } from "../term-index/term-queries.ts";
import {
  rangeOfCity,
  rangeOfStatuses,
  rangeOfWord,
  rangeOfYear,
  rangesOfPrices,
  type TermRange,
} from "../term-index/terms.ts";
import { findByPrice } from "./search-queries.ts";
import type { Search } from "./search-statements.ts";

/** The candidates of a search: all listings that match, and possibly others. */
export interface Candidates {
  /** Undefined when every listing is a candidate. */
  ids: IdSet | undefined;
  /** Whether a condition was skipped because too many listings meet it; it must be checked on the listings. */
  incomplete: boolean;
  /** Blocks that are not indexed yet; all of their ids are candidates. */
  unready: number[];
}

/** Reads the candidates from the index, one condition after the other until few are left. Ignores the position of the search. */
export async function findCandidates(db: Database, search: Search): Promise<Candidates> {
  const unready = await findUnreadyBlocks(db, db.searchPool, db.limits.rowsOfTerm);
  let ids: IdSet | undefined;
  let incomplete = false;
  for (const condition of conditionsOf(db, search, unready)) {
    const some = await condition();
    if (some) ids = ids ? intersect(ids, some) : some;
    else incomplete = true;
    if (ids && countIds(ids) <= db.limits.few) break;
  }
  return { ids, incomplete, unready };
}

type Condition = () => Promise<IdSet | undefined>;

/** The conditions of a search. Long words first, because they are likely rare; the status last, because nearly every listing is visible. */
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
            setOf(await findByPrice(db, search, db.limits.ofPrice)) ??
            inRanges(rangesOfPrices(minPrice ?? 0, maxPrice ?? Number.MAX_SAFE_INTEGER)),
        ]
      : []),
    () => inRanges([rangeOfStatuses(Math.min(...statuses), Math.max(...statuses))]),
  ];
}

/** The ids of all terms in the ranges; undefined when there are too many rows. */
async function readRanges(db: Database, ranges: TermRange[], unready: number[]): Promise<IdSet | undefined> {
  const set: IdSet = new Map();
  for (const range of ranges) {
    const rows = await readTerms(db, range, db.limits.rowsOfTerm);
    if (rows.length === db.limits.rowsOfTerm) return undefined;
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
