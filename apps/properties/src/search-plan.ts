import { Problem } from "@quintet/http";
import { type Candidates, findCandidates } from "./candidates.ts";
import type { Database } from "./database.ts";
import { addMembers, countIds, hasId, type IdSet, idsOf, intersect } from "./id-sets.ts";
import { findPlaces, walkInOrder } from "./search-queries.ts";
import { idsAtOnce, type Search } from "./search-statements.ts";
import { type Place, sortOrders } from "./sort-orders.ts";
import { readTerms, type TermMembers } from "./term-queries.ts";
import { type BucketColumn, bucketsOfOrder, type Grain, placeBefore, restOf, type TermRange } from "./terms.ts";

type Ids = AsyncGenerator<number[], void>;

/**
 * The ids of the listings that may match a search with words, or with prices apart from its order: all that do, in the asked order, from the place of the
 * search on. Whoever takes them stops when there are enough. What may be read for them is bounded (`search-bounds.ts`); where that is used up, it throws.
 */
export async function* idsInOrder(db: Database, search: Search): Ids {
  let from = search;
  if (search.words.length === 0) {
    // Prices that many listings have are met soon.
    const places = await walkInOrder(db, search, db.bounds.walk);
    yield places.map(({ id }) => id);
    if (places.length < db.bounds.walk) return;
    from = { ...search, after: places.at(-1) };
  }
  const candidates = await findCandidates(db, search);
  const { ids, loose } = candidates;
  const { few, sorted } = db.bounds;
  // Many of which few may match are not worth more.
  const max = loose && (!ids || countIds(ids) > sorted) ? few : sorted;
  yield* inPortions(idsOfCandidates(db, from, candidates), max, () => tooMuch(search, candidates));
}

async function* idsOfCandidates(db: Database, search: Search, candidates: Candidates): Ids {
  const { ids } = candidates;
  const { column, descending } = sortOrders[search.sort];
  if (ids && column === "id") yield* byId(ids, descending, search.after?.id);
  else if (ids && countIds(ids) <= db.bounds.sorted) yield await sortedByKey(db, search, ids);
  else yield* byWalking(db, search, candidates);
}

/** Portions of up to `idsAtOnce`; whoever asks for more than `max` ids, which are looked at one by one, gets an error. */
async function* inPortions(all: Ids, max: number, stop: () => Problem): Ids {
  let looked = 0;
  for await (const ids of all) {
    for (let i = 0; i < ids.length; i += idsAtOnce) {
      if (looked >= max) throw stop();
      const some = ids.slice(i, i + idsAtOnce);
      looked += some.length;
      yield some;
    }
  }
}

/** A set in the order of ids, by and by: it may hold every listing. */
async function* byId(ids: IdSet, descending: boolean, after: number | undefined): Ids {
  let some: number[] = [];
  for (const id of idsOf(ids, descending, after)) {
    some.push(id);
    if (some.length < idsAtOnce) continue;
    yield some;
    some = [];
  }
  yield some;
}

/** The listings of a set that a search may show, sorted. */
async function sortedByKey(db: Database, search: Search, ids: IdSet): Promise<number[]> {
  const sign = sortOrders[search.sort].descending ? -1 : 1;
  const places = await findPlaces(db, search, [...idsOf(ids, false)]);
  return places.sort((a, b) => sign * (Number(a.key) - Number(b.key) || a.id - b.id)).map(({ id }) => id);
}

/** Where a set is large its listings are soon met in the asked order; where they are not, the order's buckets say where they are. */
async function* byWalking(db: Database, search: Search, candidates: Candidates): Ids {
  const { ids } = candidates;
  const rows = ids ? db.bounds.walk : db.bounds.longWalk;
  const places = await walkInOrder(db, search, rows);
  yield places.map(({ id }) => id).filter((id) => !ids || hasId(ids, id));
  if (places.length < rows) return;
  const { column } = sortOrders[search.sort];
  if (!ids || column === "id" || candidates.unready.length > 0) throw tooMuch(search, candidates);
  yield* byBuckets(db, { ...search, after: places.at(-1) }, column, ids, candidates);
}

/** Goes through the years, the months or the bands of prices in the asked order, and reads those that have candidates. */
async function* byBuckets(db: Database, search: Search, column: BucketColumn, ids: IdSet, candidates: Candidates): Ids {
  const { descending } = sortOrders[search.sort];
  const key = search.after?.key;
  const budget = { rows: db.bounds.rowsOfBuckets, sorted: db.bounds.sorted };
  const stop = () => tooMuch(search, candidates);
  const bucketsOf = (grain: Grain, coarse?: string) =>
    bucketsIn(db, bucketsOfOrder(column, grain, { key, descending, coarse }), descending, budget, stop);
  for await (const coarse of bucketsOf("coarse")) {
    const inCoarse = intersect(ids, coarse.members);
    const count = countIds(inCoarse);
    if (count === 0) continue;
    if (count <= Math.min(db.bounds.few, budget.sorted)) {
      budget.sorted -= count;
      yield await sortedByKey(db, search, inCoarse);
      continue;
    }
    for await (const { term, members } of bucketsOf("fine", coarse.term)) {
      const some = intersect(inCoarse, members);
      if (column === "year") {
        const after = Number(term.slice(2)) === key ? search.after?.id : undefined;
        yield* byId(some, descending, after);
        continue;
      }
      budget.sorted -= countIds(some);
      if (budget.sorted < 0) {
        yield* byWalkingBucket(db, search, some, placeBefore(term, descending));
        throw stop();
      }
      yield await sortedByKey(db, search, some);
    }
  }
}

interface Bucket {
  term: string;
  members: IdSet;
}

/** The buckets of a range in order, each whole, until the budget of rows is used up. */
async function* bucketsIn(
  db: Database,
  all: TermRange,
  descending: boolean,
  budget: { rows: number },
  stop: () => Problem,
): AsyncGenerator<Bucket, void> {
  let range: TermRange | undefined = all;
  while (range) {
    if (budget.rows <= 0) throw stop();
    const rows: TermMembers[] = await readTerms(db, range, db.bounds.rowsAtOnce, descending);
    budget.rows -= rows.length;
    // The last one may go on.
    const open: string | undefined = rows.length === db.bounds.rowsAtOnce ? rows.at(-1)?.term : undefined;
    const buckets = Map.groupBy(rows, ({ term }) => term);
    if (buckets.size === 1 && open !== undefined) throw stop();
    for (const [term, ofTerm] of buckets) {
      const members: IdSet = new Map();
      for (const row of ofTerm) addMembers(members, row.block, row.members);
      if (term !== open) yield { term, members };
    }
    range = open === undefined ? undefined : restOf(range, open, descending);
  }
}

/** The candidates of one bucket among the first listings in order. */
async function* byWalkingBucket(db: Database, search: Search, ids: IdSet, start: Place): Ids {
  const sign = sortOrders[search.sort].descending ? -1 : 1;
  const { after } = search;
  const later = after && sign * (Number(after.key) - Number(start.key)) > 0 ? after : start;
  const places = await walkInOrder(db, { ...search, after: later }, db.bounds.longWalk);
  yield places.map(({ id }) => id).filter((id) => hasId(ids, id));
}

/** What is answered in place of a page for which too much would have to be read. */
function tooMuch(search: Search, { unready }: Candidates): Problem {
  if (unready.length > 0) {
    const detail = "The index of the listings is being made; this search has to wait for it.";
    return new Problem("unavailable", detail, { headers: { "Retry-After": "10" } });
  }
  const other = sortOrders[search.sort].column === "id" ? "price or -price" : "id or -id";
  const message = `Too many listings would have to be read in this order. Sort by ${other}, or give longer or rarer words, a city, a year or a narrower price.`;
  return new Problem("bad-request", message, { errors: [{ path: "sort", message }] });
}
