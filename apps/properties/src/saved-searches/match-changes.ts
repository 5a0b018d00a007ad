import { setImmediate as others } from "node:timers/promises";
import { inMysqlTransaction, type MysqlConnection } from "@quintet/db";
import { type Database, select, write } from "../database.ts";
import { fill, numbered, parameters } from "../sql/statements.ts";
import { type ListingChange, readSearchChanges } from "./changes.ts";
import { matches, matchesFields, readWatched, type ToWatch, type Watch, type WatchedListing } from "./watched.ts";

/** Changes that are matched at once: with 10,000 saved searches five million comparisons. */
const changesAtOnce = 500;
/** Searches that are read at once, and after how many the event loop gets its turn. */
const searchesAtOnce = 1000;
const matchedAtOnce = 50;
/** Searches whose matches one statement adds. */
const addedAtOnce = 200;
/** Ids that a digest has of one run. */
const idsOfRun = 20;

interface Changed {
  listing: WatchedListing;
  change: ListingChange;
}

/** Matches all changes with the saved searches that are to be notified, and adds what newly matches to their digests. */
export async function matchChanges(db: Database, toWatch: ToWatch, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await matchSome(db, toWatch)));
}

/** Discards all changes: nothing is sent of them. */
export async function discardChanges(db: Database, signal: AbortSignal): Promise<void> {
  const discard = () => write(db.pool, db.statements["discard-search-changes"], {});
  while (!signal.aborted && (await discard()).affectedRows > 0);
}

/** Matches the first changes; false when there are none. */
async function matchSome(db: Database, toWatch: ToWatch): Promise<boolean> {
  const { seqs, changes } = await readSearchChanges(db, changesAtOnce);
  if (seqs.length === 0) return false;
  const listings = await readWatched(db, [...changes.keys()]);
  const changed = listings.flatMap((listing): Changed[] => {
    const change = changes.get(listing.id);
    return change ? [{ listing, change }] : [];
  });
  const found = changed.length === 0 ? new Map<number, number[]>() : await findMatches(db, toWatch, changed);
  await inMysqlTransaction(
    db.pool,
    async (on) => {
      const text = fill(db.statements["remove-search-changes"], { seqs: parameters("seq", changesAtOnce) });
      const { affectedRows } = await write(on, text, numbered("seq", seqs, changesAtOnce));
      // Another process has matched them, although it should not.
      if (affectedRows !== seqs.length) throw new Error("Changes of listings were matched with saved searches twice.");
      await addMatches(db, on, found);
    },
    "READ COMMITTED",
  );
  return true;
}

/** The listings that newly match each search. */
async function findMatches(db: Database, toWatch: ToWatch, changed: Changed[]): Promise<Map<number, number[]>> {
  const statuses = await db.statuses();
  const found = new Map<number, number[]>();
  let after = 0;
  for (;;) {
    const searches = await select(db.pool, db.statements["notified-searches"], { after, rows: searchesAtOnce });
    for (const [i, { id, query }] of searches.entries()) {
      const watch = await toWatch(query, statuses);
      const ids = watch ? changed.filter((one) => newlyMatches(watch, one)).map(({ listing }) => listing.id) : [];
      if (ids.length > 0) found.set(id, ids);
      if (i % matchedAtOnce === 0) await others();
    }
    const last = searches.at(-1);
    if (searches.length < searchesAtOnce || !last) return found;
    after = last.id;
  }
}

/** Whether a listing is a result of a search now, and was none before. Which words it had is not known: with new texts it may match anew. */
function newlyMatches(watch: Watch, { listing, change: { was, reworded } }: Changed): boolean {
  if (!matches(watch, listing)) return false;
  const matchedBefore = was !== undefined && matchesFields(watch, was);
  return !matchedBefore || (reworded && watch.search.words.length > 0);
}

/** Adds matches to the open digests of their searches. */
async function addMatches(db: Database, on: MysqlConnection, found: Map<number, number[]>): Promise<void> {
  const all = [...found];
  for (let i = 0; i < all.length; i += addedAtOnce) {
    const some = all.slice(i, i + addedAtOnce);
    const rows = some.map(
      (_, n) =>
        `SELECT CAST(:search${n + 1} AS SIGNED) AS search_id, CAST(:matches${n + 1} AS SIGNED) AS matches, :ids${n + 1} AS ids`,
    );
    const of = <T>(name: string, value: (entry: [number, number[]]) => T) =>
      numbered(name, some.map(value), some.length);
    await write(on, fill(db.statements["add-matches"], { rows: rows.join("\nUNION ALL ") }), {
      ...of("search", ([id]) => id),
      ...of("matches", ([, ids]) => ids.length),
      ...of("ids", ([, ids]) => ids.slice(0, idsOfRun).join(",")),
    });
  }
}
