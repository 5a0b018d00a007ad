import { inMysqlTransaction, type Sweeping, sweeping, tryWithLock } from "@quintet/db";
import { type Database, select, write } from "../database.ts";

/** Ids whose counts are compared at once. */
const idsAtOnce = 4096;
const everyMs = 5000;

/**
 * Compares the numbers of likes with the likes that are there, which other programs may write too, and mends those that differ: one range of
 * ids after the other, all over again, in one process at a time. Does nothing before `start`.
 */
export function likeRecount(db: Database, onError: (error: unknown) => void): Sweeping {
  let from = 0;
  const sweep = async () => {
    await tryWithLock(db.pool, "properties recount likes", async () => {
      from = await recountLikes(db, from);
    });
  };
  return sweeping(sweep, { everyMs, onError });
}

/** Mends the numbers of likes of some ids from `from` on; returns the id to go on with, which is 0 at the end. */
export async function recountLikes(db: Database, from: number): Promise<number> {
  const [next] = await select(db.pool, db.statements["next-counted"], { from });
  if (!next || next.id === null) return 0;
  const range = { first: next.id, end: next.id + idsAtOnce };
  for (const { id } of await select(db.pool, db.statements["wrong-counts"], range)) {
    await inMysqlTransaction(db.pool, async (on) => {
      // From here on no like of ours is added or removed; the count sees all that are committed.
      await write(on, db.statements["lock-likes"], { id });
      await write(on, db.statements["recount-likes"], { id });
    });
  }
  return range.end;
}
