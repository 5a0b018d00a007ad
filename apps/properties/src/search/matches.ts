import type { Database } from "../database.ts";
import { addId, addMembers, countIds, type IdSet, idsOf, intersect } from "../term-index/id-sets.ts";
import { readTerms } from "../term-index/term-queries.ts";
import { bandsOfPrices, isWholeTerm } from "../term-index/terms.ts";
import { matchesWords } from "../term-index/words.ts";
import { findCandidates } from "./candidates.ts";
import { findByPrice, findPositions, findRows } from "./search-queries.ts";
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
 * The ends of a price range, which the index knows by bands only, are read from the index of prices.
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
  return { ids: inPrice ?? ids, isExact: inPrice !== undefined };
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
  const inPrice: IdSet = new Map();
  for (const range of inside) {
    const rows = await readTerms(db, range, db.limits.rowsOfTerm);
    if (rows.length === db.limits.rowsOfTerm) return undefined;
    for (const { block, members } of rows) addMembers(inPrice, block, members);
  }
  for (const price of ends) {
    const found = await findByPrice(db, { ...search, price }, db.limits.ofPriceEnd);
    if (!found) return undefined;
    for (const id of found) addId(inPrice, id);
  }
  return intersect(ids, inPrice);
}

function setOf(ids: number[]): IdSet {
  const set: IdSet = new Map();
  for (const id of ids) addId(set, id);
  return set;
}
