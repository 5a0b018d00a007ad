import { type Sweeping, sweeping, tryWithLock } from "@quintet/db";
import type { Database } from "../database.ts";
import { nextBatch, removeBatch } from "./digests.ts";
import { discardChanges, matchChanges } from "./match-changes.ts";
import { type NotifyQueue, sendBatch } from "./queue-client.ts";
import type { ToWatch } from "./watched.ts";

/** How often changes and digests are looked for, in ms. */
const everyMs = 1000;
/** After failures in a row a batch is sent again after 1, 2, 4, … seconds, and this many at most. */
const maxWaitMs = 60_000;

interface NotificationOptions {
  /** Undefined when nothing is sent. */
  queue: NotifyQueue | undefined;
  /** The min time between two messages of one saved search. */
  seconds: number;
  toWatch: ToWatch;
  onError: (error: unknown) => void;
}

/**
 * Matches changes of listings with saved searches, and sends what newly matches to a queue, in one process at a time. A message is sent at
 * least once: its digest is removed after the queue has it.
 */
export function notifications(db: Database, { queue, seconds, toWatch, onError }: NotificationOptions): Sweeping {
  let failures = 0;
  let notBefore = 0;
  const sendAll = async (to: NotifyQueue, signal: AbortSignal) => {
    if (performance.now() < notBefore) return;
    try {
      for (let batch = await nextBatch(db, seconds); batch && !signal.aborted; batch = await nextBatch(db, seconds)) {
        await sendBatch(to, batch, signal);
        await removeBatch(db, batch.key);
        failures = 0;
      }
    } catch (error) {
      notBefore = performance.now() + Math.min(maxWaitMs, 1000 * 2 ** failures++);
      throw error;
    }
  };
  const sweep = async (signal: AbortSignal) => {
    await tryWithLock(db.pool, "properties notifications", async () => {
      if (!queue) return discardChanges(db, signal);
      await matchChanges(db, toWatch, signal);
      await sendAll(queue, signal);
    });
  };
  return sweeping(sweep, { everyMs, onError });
}
