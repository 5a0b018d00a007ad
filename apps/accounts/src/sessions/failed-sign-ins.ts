import type { ClientAddress } from "@quintet/auth";
import type { MysqlPool } from "@quintet/db";
import type { Logger } from "@quintet/http";
import { LRUCache } from "lru-cache";
import type { Note } from "../audit/audit-notes.ts";

const intervalMs = 60_000;
const maxPerMinute = 600;

/** Records a wrong password for an account (null: there is none with that name), without waiting. */
export type RecordFailure = (accountId: number | null, clientAddress: ClientAddress | undefined) => void;

/**
 * Logs failed sign-ins at a limited rate, so that guessing does not fill the log: one a minute for an account and address, 600 a
 * minute in all. The name is not logged, since people sometimes type their password there. `elapsed` is a monotonic clock in ms.
 */
export function createFailedSignIns(options: {
  pool: MysqlPool;
  note: Note;
  addressOf: (clientAddress: ClientAddress | undefined) => string | undefined;
  log: Logger;
  elapsed: () => number;
}): { recordFailure: RecordFailure; finished: () => Promise<void> } {
  const { pool, note, addressOf, log, elapsed } = options;
  const loggedAt = new LRUCache<string, number>({ max: 10_000 });
  const running = new Set<Promise<void>>();
  let minute = Number.NEGATIVE_INFINITY;
  let count = 0;
  const recordFailure: RecordFailure = (accountId, clientAddress) => {
    const at = elapsed();
    const who = `${accountId} ${addressOf(clientAddress)}`;
    if (at - (loggedAt.get(who) ?? Number.NEGATIVE_INFINITY) < intervalMs) return;
    if (at - minute >= 60_000) [minute, count] = [at, 0];
    if (count >= maxPerMinute) return;
    count++;
    loggedAt.set(who, at);
    const logging = note(pool, { accountId, action: "sign-in-refused" }, { accountId: null, clientAddress })
      .catch((error: unknown) => log.warn({ err: error }, "Failed sign-in is missing in the audit log"))
      .finally(() => running.delete(logging));
    running.add(logging);
  };
  return {
    recordFailure,
    finished: async () => {
      await Promise.all(running);
    },
  };
}
