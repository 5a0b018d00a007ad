import { Problem } from "@quintet/http";
import type { Database } from "../database.ts";
import { addMembers, countIds, hasId, type IdSet, idsOf, intersect } from "../term-index/id-sets.ts";
import { readTerms, type TermMembers } from "../term-index/term-queries.ts";
import {
  type BucketColumn,
  bucketsOfOrder,
  type Grain,
  positionBefore,
  restOf,
  type TermRange,
  yearOf,
} from "../term-index/terms.ts";
import { type Candidates, findCandidates } from "./candidates.ts";
import { withinKm } from "./places.ts";
import { type FoundPlace, findPlaces, findPositions, walkInOrder } from "./search-queries.ts";
import type { Search } from "./search-request.ts";
import { idsAtOnce } from "./search-statements.ts";
import { type SortPosition, sortOrders } from "./sort-orders.ts";

type Ids = AsyncGenerator<number[], void>;

/**
 * The ids of the candidates of a search with words, or with ranges in another order: in the requested order, from the position of the
 * search on. The caller stops when it has enough. The work is bounded by `search-limits.ts`; throws when a limit is exceeded.
 */
export async function* idsInOrder(db: Database, search: Search): Ids {
  let from = search;
  if (search.words.length === 0 && search.place === undefined) {
    // Common prices and years are found soon.
    const places = await walkInOrder(db, search, db.limits.walk);
    yield places.map(({ id }) => id);
    if (places.length < db.limits.walk) return;
    from = { ...search, after: places.at(-1) };
  }
  const candidates = await findCandidates(db, search);
  const { ids, incomplete } = candidates;
  const { few, sorted } = db.limits;
  // Many candidates of which few match are not worth more.
  const max = incomplete && (!ids || countIds(ids) > sorted) ? few : sorted;
  yield* inChunks(idsOfCandidates(db, from, candidates), max, () => tooExpensive(search, candidates));
}

async function* idsOfCandidates(db: Database, search: Search, candidates: Candidates): Ids {
  const { ids } = candidates;
  const { column, descending } = sortOrders[search.sort];
  if (ids && column === "id") yield* byId(ids, descending, search.after?.id);
  else if (ids && countIds(ids) <= db.limits.sorted) yield await sortedByKey(db, search, ids);
  else if (column === "distance") yield* byRings(db, search, candidates);
  else yield* byWalking(db, search, candidates);
}

/** Chunks of up to `idsAtOnce` ids; throws `stop()` when more than `max` ids are requested. */
async function* inChunks(all: Ids, max: number, stop: () => Problem): Ids {
  let count = 0;
  for await (const ids of all) {
    for (let i = 0; i < ids.length; i += idsAtOnce) {
      if (count >= max) throw stop();
      const some = ids.slice(i, i + idsAtOnce);
      count += some.length;
      yield some;
    }
  }
}

/** A set in the order of ids, lazily, because it may hold every listing. */
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

/** The ids of a set that match a search, sorted by the requested order. */
async function sortedByKey(db: Database, search: Search, ids: IdSet): Promise<number[]> {
  const sign = sortOrders[search.sort].descending ? -1 : 1;
  const places = await findPositions(db, search, [...idsOf(ids, false)]);
  return places.sort((a, b) => sign * (Number(a.key) - Number(b.key) || a.id - b.id)).map(({ id }) => id);
}

/** The candidates from the centre of the circle outwards, as many rings as are needed. */
async function* byRings(db: Database, search: Search, candidates: Candidates): Ids {
  const { place, after } = search;
  if (!place?.circle) throw new Error("The search has no circle.");
  const { km } = place.circle;
  let inside = Number(after?.key ?? 0);
  let isFirst = true;
  let outside = Math.max(km / 8, inside);
  for (let ring = 0; ring < db.limits.rings; ring++) {
    const found = await findPlaces(db, withinKm(place, outside));
    if (found) {
      const isNew = ({ distance }: FoundPlace) => distance > inside || (isFirst && distance === inside);
      const some = found.filter((one) => isNew(one) && (!candidates.ids || hasId(candidates.ids, one.id)));
      yield some.toSorted((a, b) => a.distance - b.distance || a.id - b.id).map(({ id }) => id);
      if (outside >= km) return;
      [inside, outside, isFirst] = [outside, Math.min(km, outside * 2), false];
    } else outside = inside + (outside - inside) / 4;
  }
  throw tooExpensive(search, candidates);
}

/** Scans the requested order for candidates; falls back to the buckets of the order when that finds too few. */
async function* byWalking(db: Database, search: Search, candidates: Candidates): Ids {
  const { ids } = candidates;
  const rows = ids ? db.limits.walk : db.limits.longWalk;
  const places = await walkInOrder(db, search, rows);
  yield places.map(({ id }) => id).filter((id) => !ids || hasId(ids, id));
  if (places.length < rows) return;
  const { column } = sortOrders[search.sort];
  if (!ids || column === "id" || column === "distance" || candidates.unready.length > 0)
    throw tooExpensive(search, candidates);
  yield* byBuckets(db, { ...search, after: places.at(-1) }, column, ids, candidates);
}

/** Goes through the years, months or price bands in the requested order, and reads those that have candidates. */
async function* byBuckets(db: Database, search: Search, column: BucketColumn, ids: IdSet, candidates: Candidates): Ids {
  const { descending } = sortOrders[search.sort];
  const key = search.after?.key;
  const budget = { rows: db.limits.rowsOfBuckets, sorted: db.limits.sorted };
  const stop = () => tooExpensive(search, candidates);
  const bucketsOf = (grain: Grain, coarse?: string) =>
    bucketsIn(db, bucketsOfOrder(column, grain, { key, descending, coarse }), descending, budget, stop);
  for await (const coarse of bucketsOf("coarse")) {
    const inCoarse = intersect(ids, coarse.members);
    const count = countIds(inCoarse);
    if (count === 0) continue;
    if (count <= Math.min(db.limits.few, budget.sorted)) {
      budget.sorted -= count;
      yield await sortedByKey(db, search, inCoarse);
      continue;
    }
    for await (const { term, members } of bucketsOf("fine", coarse.term)) {
      const some = intersect(inCoarse, members);
      const year = column === "year" ? yearOf(term) : undefined;
      if (year !== undefined) {
        const after = year === key ? search.after?.id : undefined;
        yield* byId(some, descending, after);
        continue;
      }
      budget.sorted -= countIds(some);
      if (budget.sorted < 0) {
        yield* byWalkingBucket(db, search, some, positionBefore(term, descending));
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

/** The complete buckets of a range in order, until the budget of rows is used up. */
export async function* bucketsIn(
  db: Database,
  all: TermRange,
  descending: boolean,
  budget: { rows: number },
  stop: () => Problem,
): AsyncGenerator<Bucket, void> {
  let range: TermRange | undefined = all;
  while (range) {
    if (budget.rows <= 0) throw stop();
    const rows: TermMembers[] = await readTerms(db, range, db.limits.rowsAtOnce, descending);
    budget.rows -= rows.length;
    // The last one may be incomplete.
    const open: string | undefined = rows.length === db.limits.rowsAtOnce ? rows.at(-1)?.term : undefined;
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

/** The candidates among the first listings of one bucket. */
async function* byWalkingBucket(db: Database, search: Search, ids: IdSet, start: SortPosition): Ids {
  const sign = sortOrders[search.sort].descending ? -1 : 1;
  const { after } = search;
  const later = after && sign * (Number(after.key) - Number(start.key)) > 0 ? after : start;
  const places = await walkInOrder(db, { ...search, after: later }, db.limits.longWalk);
  yield places.map(({ id }) => id).filter((id) => hasId(ids, id));
}

/** The error for a page that would exceed the limits. */
function tooExpensive(search: Search, { unready }: Candidates): Problem {
  if (unready.length > 0) {
    const detail = "The search index is being built; this search needs it.";
    return new Problem("unavailable", detail, { headers: { "Retry-After": "10" } });
  }
  const { column } = sortOrders[search.sort];
  if (column === "distance") {
    const message =
      "No index serves this search: too many places would have to be read. Use a smaller circle, or more filters.";
    return new Problem("unprocessable", message, { errors: [{ path: "near", message }] });
  }
  const other = column === "id" ? "price or -price" : "id or -id";
  const message = `No index serves this search: too many listings would have to be read in this order. Sort by ${other}, or use longer or rarer words, a city, a year or a narrower price range.`;
  return new Problem("unprocessable", message, { errors: [{ path: "sort", message }] });
}
