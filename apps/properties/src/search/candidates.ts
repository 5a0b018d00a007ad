import type { Database } from "../database.ts";
import { addId, addMembers, addWholeBlock, countIds, type IdSet, intersect } from "../term-index/id-sets.ts";
import { findTextKey, findUnreadyBlocks, readTerms } from "../term-index/term-queries.ts";
import {
  lastDate,
  rangeOfAreas,
  rangeOfCity,
  rangeOfRooms,
  rangeOfStatus,
  rangeOfType,
  rangeOfWord,
  rangesOfMonths,
  rangesOfPrices,
  rangesOfYears,
  type TermRange,
} from "../term-index/terms.ts";
import { findByPrice, findPlaces, findSeen } from "./search-queries.ts";
import type { Search } from "./search-request.ts";

/** The candidates of a search: all listings that match, and possibly others. */
export interface Candidates {
  /** Undefined when every listing is a candidate. */
  ids: IdSet | undefined;
  /** Whether a condition was skipped because too many listings meet it; it must be checked on the listings. */
  incomplete: boolean;
  /** Blocks that are not indexed yet; all of their ids are candidates. */
  unready: number[];
}

/**
 * Reads the candidates from the index, one condition after the other until no more than `enough` are left. Ignores the position of the
 * search.
 */
export async function findCandidates(db: Database, search: Search, enough = db.limits.few): Promise<Candidates> {
  const unready = await findUnreadyBlocks(db, db.searchPool, db.limits.rowsOfTerm);
  let ids: IdSet | undefined;
  let incomplete = false;
  for (const condition of conditionsOf(db, search, unready)) {
    const some = await condition();
    if (some) ids = ids ? intersect(ids, some) : some;
    else incomplete = true;
    if (ids && countIds(ids) <= enough) break;
  }
  return { ids, incomplete, unready };
}

type Condition = () => Promise<IdSet | undefined>;

/** The conditions of a search. A place or a time first; long words early first, because they are likely rare; the status last, because nearly every listing is visible. */
function conditionsOf(db: Database, search: Search, unready: number[]): Condition[] {
  const { words, cities, types, place, year, price, rooms, area, newSince } = search;
  const inRanges = (ranges: TermRange[]) => readRanges(db, ranges, unready);
  const keysOf = async (texts: string[]) => {
    const keys: string[] = [];
    for (const text of texts) keys.push(await findTextKey(db, text));
    return keys;
  };
  const cityRanges = async () => (await keysOf(cities)).map(rangeOfCity);
  const typeRanges = async () => (await keysOf(types)).map(rangeOfType);
  return [
    ...(place === undefined ? [] : [async () => setOf((await findPlaces(db, place))?.map(({ id }) => id))]),
    ...(newSince === undefined
      ? []
      : [
          async () =>
            setOf(await findSeen(db, { since: newSince, before: lastDate }, db.limits.ofSeen)) ??
            inRanges(rangesOfMonths(newSince)),
        ]),
    ...words.toSorted((a, b) => b.length - a.length).map((word) => () => inRanges([rangeOfWord(word)])),
    ...(cities.length === 0 ? [] : [async () => inRanges(await cityRanges())]),
    ...(types.length === 0 ? [] : [async () => inRanges(await typeRanges())]),
    ...(rooms === undefined ? [] : [() => inRanges([rangeOfRooms(rooms)])]),
    ...(area === undefined ? [] : [() => inRanges([rangeOfAreas(area)])]),
    ...(year === undefined ? [] : [() => inRanges(rangesOfYears(year))]),
    ...(price === undefined
      ? []
      : [async () => setOf(await findByPrice(db, search, db.limits.ofPrice)) ?? inRanges(rangesOfPrices(price))]),
    () => inRanges(search.statusIds.map(rangeOfStatus)),
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
