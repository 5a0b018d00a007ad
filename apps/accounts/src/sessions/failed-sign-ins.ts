import type { ClientAddress } from "@quintet/auth";
import type { MysqlPool } from "@quintet/db";
import type { Logger } from "@quintet/http";
import { LRUCache } from "lru-cache";
import type { Note } from "../audit/audit-notes.ts";

const quietMs = 60_000;
const mostPerMinute = 600;

/** Notes that a password was wrong for an account, null when there is none with that name; takes no time. */
export type RecordFailure = (accountId: number | null, clientAddress: ClientAddress | undefined) => void;

/**
 * Notes refused sign-ins without making whoever guesses fill the log: of one account and address one a minute, of all 600 a
 * minute. The name is not noted: people type their password there. `elapsed` is in ms, of a clock that is never set.
 */
export function createFailedSignIns(options: {
  pool: MysqlPool;
  note: Note;
  addressOf: (clientAddress: ClientAddress | undefined) => string | undefined;
  log: Logger;
  elapsed: () => number;
}): { refused: RecordFailure; finished: () => Promise<void> } {
  const { pool, note, addressOf, log, elapsed } = options;
  const notedAt = new LRUCache<string, number>({ max: 10_000 });
  const running = new Set<Promise<void>>();
  let minute = Number.NEGATIVE_INFINITY;
  let count = 0;
  const refused: RecordFailure = (accountId, clientAddress) => {
    const at = elapsed();
    const who = `${accountId} ${addressOf(clientAddress)}`;
    if (at - (notedAt.get(who) ?? Number.NEGATIVE_INFINITY) < quietMs) return;
    if (at - minute >= 60_000) [minute, count] = [at, 0];
    if (count >= mostPerMinute) return;
    count++;
    notedAt.set(who, at);
    const noting = note(pool, { accountId, action: "sign-in-refused" }, { accountId: null, clientAddress })
      .catch((error: unknown) => log.warn({ err: error }, "a refused sign-in is not in the audit log"))
      .finally(() => running.delete(noting));
    running.add(noting);
  };
  return {
    refused,
    finished: async () => {
      await Promise.all(running);
    },
  };
}
