import { inMysqlTransaction, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import type { Database } from "../database.ts";
import { processedRequestsTable } from "../properties/properties.ts";
import { type SearchPage, searchProperties } from "../search/search.ts";
import type { SearchInput } from "../search/search-request.ts";
import type { SortPosition } from "../search/sort-orders.ts";
import type { NewResults, ReadSearch, SavedSearch } from "./saved-search.ts";
import {
  deleteSearch,
  dropOpenDigest,
  findNewest,
  findSearch,
  findSearches,
  insertSearch,
  lockAndCount,
  readTime,
  type SearchChanges,
  type SearchDraft,
  updateSearch,
} from "./saved-search-queries.ts";
import { matches, readWatched, type ToWatch, type Watch } from "./watched.ts";

export { readTime };

/** A saved search of an account. */
interface Owned {
  account: number;
  id: number;
}

function searchNotFound(): Problem {
  return new Problem("not-found", "Saved search not found. GET /properties/searches lists yours.");
}

/** Saves a search, once for a keyed request. Throws `conflict` when the account has `max` already. */
export async function saveSearch(
  db: Database,
  account: number,
  { draft, max, request }: { draft: SearchDraft; max: number; request?: KeyedRequest | undefined },
): Promise<SavedSearch> {
  const store = async () =>
    inMysqlTransaction(
      db.pool,
      (on) =>
        runOnce(mysqlProcessedRequests(on, processedRequestsTable), request, async () => {
          if ((await lockAndCount(db, on, account)) >= max) {
            throw new Problem("conflict", `An account keeps at most ${max} searches. Delete one first.`);
          }
          const id = await insertSearch(db, on, account, draft);
          const saved = await findSearch(db, account, id, on);
          if (!saved) throw searchNotFound();
          return saved;
        }),
      "READ COMMITTED",
    );
  const saved = await store();
  // The record of a keyed request has the dates as texts.
  return { ...saved, lookedAt: new Date(saved.lookedAt), createdAt: new Date(saved.createdAt) };
}

/** A saved search. Throws `not-found`, also for that of another account. */
export async function readSearchOf(db: Database, { account, id }: Owned): Promise<SavedSearch> {
  const search = await findSearch(db, account, id);
  if (!search) throw searchNotFound();
  return search;
}

/** A page of the searches of an account, the latest first; `end` is the id before the next page, if there is one. */
export async function pageOfSearches(
  db: Database,
  account: number,
  { before = Number.MAX_SAFE_INTEGER, limit }: { before: number | undefined; limit: number },
): Promise<{ searches: SavedSearch[]; end: number | undefined }> {
  const found = await findSearches(db, account, { before, rows: limit + 1 });
  const searches = found.slice(0, limit);
  return { searches, end: found.length > limit ? searches.at(-1)?.id : undefined };
}

/** Changes a saved search and returns it. What would be sent of another query, or without a notification, is dropped. Throws `not-found`. */
export function changeSearch(db: Database, owned: Owned, changes: SearchChanges): Promise<SavedSearch> {
  return inMysqlTransaction(
    db.pool,
    async (on) => {
      if (!(await updateSearch(db, on, owned, changes))) throw searchNotFound();
      if (changes.query !== undefined || changes.notify === false) await dropOpenDigest(db, on, owned.id);
      const changed = await findSearch(db, owned.account, owned.id, on);
      if (!changed) throw searchNotFound();
      return changed;
    },
    "READ COMMITTED",
  );
}

/** Removes a saved search, and what would be sent of it. Throws `not-found`. */
export async function removeSearch(db: Database, owned: Owned): Promise<void> {
  await inMysqlTransaction(
    db.pool,
    async (on) => {
      if (!(await deleteSearch(db, on, owned))) throw searchNotFound();
      await dropOpenDigest(db, on, owned.id);
    },
    "READ COMMITTED",
  );
}

/** The search of a query. Throws `unprocessable`, which names each parameter that is not valid, or not any more. */
export function searchOf(query: string, readSearch: ReadSearch): SearchInput {
  const read = readSearch(query);
  if ("search" in read) return read.search;
  const errors = read.faults.map(({ path, message }) => ({ path: path === "" ? "search" : `search.${path}`, message }));
  const text = errors.map(({ path, message }) => `${path}: ${message}`).join("; ");
  throw new Problem("unprocessable", text, { errors });
}

/** A page of the results of a saved search. */
export interface SavedResults extends SearchPage {
  /** What became visible at this moment or later may not be among the results. */
  asOf: Date;
}

/** The results of a search, with `since` only what became visible at that moment or later. */
export async function readResults(
  db: Database,
  search: SearchInput,
  { since, after, limit }: { since?: Date | undefined; after?: SortPosition | undefined; limit: number },
): Promise<SavedResults> {
  // All that was committed before this moment is among the results: each search first follows the tables.
  const asOf = await readTime(db);
  const page = await searchProperties(db, { ...search, newSince: latest(search.newSince, since), after }, limit);
  return { ...page, asOf };
}

function latest(one: Date | undefined, other: Date | undefined): Date | undefined {
  return one && other ? (one > other ? one : other) : (one ?? other);
}

/** Listings that new results are counted among: those that became visible last. */
const countedAtOnce = 1000;

/**
 * How many results of each search became visible since it was looked at; none for one that is not valid. The latest listings are read once
 * for all searches, and matched in memory.
 */
export async function countNew(
  db: Database,
  toWatch: ToWatch,
  searches: readonly SavedSearch[],
): Promise<Map<number, NewResults>> {
  if (searches.length === 0) return new Map();
  const statuses = await db.fresh();
  const oldest = new Date(Math.min(...searches.map(({ lookedAt }) => lookedAt.getTime())));
  const ids = await findNewest(db, oldest, countedAtOnce);
  const listings = await readWatched(db, ids);
  // With fewer of them, those are all.
  const first = ids.length < countedAtOnce ? oldest : earliest(listings);
  const found = new Map<number, NewResults>();
  for (const { id, query, lookedAt } of searches) {
    const watch = await toWatch(query, statuses);
    if (!watch) continue;
    const { search } = watch;
    const since: Watch = { ...watch, search: { ...search, newSince: latest(search.newSince, lookedAt) } };
    const count = listings.filter((listing) => matches(since, listing)).length;
    found.set(id, { count, isExact: lookedAt >= first });
  }
  return found;
}

function earliest(listings: { firstSeen: Date | null }[]): Date {
  // Those of the same moment may not be all.
  return new Date(1 + Math.min(...listings.map(({ firstSeen }) => firstSeen?.getTime() ?? 0)));
}
