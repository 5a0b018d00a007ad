import { type Sweeping, sweeping, tryWithLock } from "@quintet/db";
import { type Database, select } from "../database.ts";
import { blockSize, maxId, positionOfId } from "../term-index/id-sets.ts";
import { isNearlyFresh } from "./build.ts";
import { addChanges } from "./poll.ts";
import { findDifferences } from "./refresh.ts";

/** How often the next block is compared, in ms: with triggers differences are rare. */
const everyMs = { triggers: 2000, poll: 250 };

/**
 * Compares the next block of listings from an id on with the tables that they follow, and notes those that differ, unless `mend` is false. Returns the first id of
 * the block after it, or undefined at the end.
 */
export async function compareBlock(
  db: Database,
  from: number,
  mend = true,
): Promise<{ next: number; different: number[] } | undefined> {
  const [found] = await select(db.pool, db.statements["next-compared"], { from });
  const id = found?.id ?? null;
  if (id === null || id > maxId) return undefined;
  const { block, position } = positionOfId(id);
  const different = await findDifferences(db, block);
  if (mend) await addChanges(db, different);
  return { next: id - position + blockSize, different };
}

/**
 * Compares all listings with the tables that they follow, a block at a time, over and over again, in one process at a time: for changes that
 * triggers do not see (TRUNCATE, cascades), and without triggers for all but new entries of the history. It waits while listings are made
 * or many changes wait: they would only be noted once more.
 */
export function comparison(db: Database, onError: (error: unknown) => void): Sweeping {
  let from = 0;
  let last = 0;
  const sweep = async () => {
    const { capture } = await db.source();
    if (performance.now() - last < everyMs[capture]) return;
    await tryWithLock(db.pool, "properties compare", async () => {
      if (!(await isNearlyFresh(db))) return;
      from = (await compareBlock(db, from))?.next ?? 0;
    });
    last = performance.now();
  };
  return sweeping(sweep, { everyMs: everyMs.poll, onError });
}
