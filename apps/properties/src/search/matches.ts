import type { Database } from "../database.ts";
import { addId, addMembers, countIds, type IdSet, idsOf, intersect } from "../term-index/id-sets.ts";
import { readTerms } from "../term-index/term-queries.ts";
import {
  bandsOfPrices,
  isWholeTerm,
  lastDate,
  nextMonth,
  rangesOfMonths,
  type TermRange,
} from "../term-index/terms.ts";
import { matchesWords } from "../term-index/words.ts";
import { findCandidates } from "./candidates.ts";
import { findByPrice, findPositions, findRows, findSeen } from "./search-queries.ts";
import type { Search } from "./search-request.ts";
import { idsAtOnce } from "./search-statements.ts";

/** All listings of a search, whatever its position. */
export interface Matches {
  ids: IdSet;
  /** False when `ids` may have others: a condition is too common to be checked on its listings. */
  isExact: boolean;
}

/**
 * All matches of a search as a set: few candidates are checked one by one; more of them are exact when the index contains every condition.
 * The ends of a price range, which the index knows by bands only, are read from the index of prices, and the month of a moment from that of
 * when listings became visible.
 */
export async function findMatches(db: Database, search: Search): Promise<Matches> {
  const candidates = await findCandidates(db, search, 0);
  const { ids = new Map(), incomplete, unready } = candidates;
  const isWhole = !incomplete && unready.length === 0 && !search.area && search.words.every(isWholeTerm);
  if (candidates.ids && countIds(ids) <= db.limits.sorted) {
    return { ids: setOf(await (isWhole ? checkFields : checkTexts)(db, search, ids)), isExact: true };
  }
  if (!isWhole) return { ids, isExact: false };
  const inPrice = await findInPrice(db, search, ids);
  const exact = inPrice && (await findNew(db, search, inPrice));
  return { ids: exact ?? inPrice ?? ids, isExact: exact !== undefined };
}

async function checkFields(db: Database, search: Search, ids: IdSet): Promise<number[]> {
  return (await findPositions(db, search, [...idsOf(ids, false)])).map(({ id }) => id);
}

async function checkTexts(db: Database, search: Search, ids: IdSet): Promise<number[]> {
  const found: number[] = [];
  const all = [...idsOf(ids, false)];
  for (let i = 0; i < all.length; i += idsAtOnce) {
    for (const { property } of await findRows(db, search, all.slice(i, i + idsAtOnce))) {
      if (matchesWords(`${property.address ?? ""} ${property.description ?? ""}`, search.words))
        found.push(property.id);
    }
  }
  return found;
}

/** Those of the ids in the price range of a search; undefined when an end of it has too many listings. */
async function findInPrice(db: Database, search: Search, ids: IdSet): Promise<IdSet | undefined> {
  if (!search.price) return ids;
  const { inside, ends } = bandsOfPrices(search.price);
  const inPrice = await readAll(db, inside);
  if (!inPrice) return undefined;
  for (const price of ends) {
    const found = await findByPrice(db, { ...search, price }, db.limits.ofPriceEnd);
    if (!found) return undefined;
    for (const id of found) addId(inPrice, id);
  }
  return intersect(ids, inPrice);
}

/** Those of the ids that became visible since the moment of a search; undefined when too many have in its month. */
async function findNew(db: Database, { newSince }: Search, ids: IdSet): Promise<IdSet | undefined> {
  if (!newSince) return ids;
  const before = nextMonth(newSince);
  const later = before < lastDate ? await readAll(db, rangesOfMonths(before)) : new Map();
  const inMonth = await findSeen(db, { since: newSince, before }, db.limits.ofSeenMonth);
  if (!later || !inMonth) return undefined;
  for (const id of inMonth) addId(later, id);
  return intersect(ids, later);
}

/** The ids of all terms in the ranges of an index that is complete; undefined when there are too many rows. */
async function readAll(db: Database, ranges: TermRange[]): Promise<IdSet | undefined> {
  const set: IdSet = new Map();
  for (const range of ranges) {
    const rows = await readTerms(db, range, db.limits.rowsOfTerm);
    if (rows.length === db.limits.rowsOfTerm) return undefined;
    for (const { block, members } of rows) addMembers(set, block, members);
  }
  return set;
}

function setOf(ids: number[]): IdSet {
  const set: IdSet = new Map();
  for (const id of ids) addId(set, id);
  return set;
}
