import { inMysqlTransaction, type MysqlConnection, type MysqlPool, type Redis } from "@quintet/db";
import type { Logger } from "@quintet/http";
import { againOnDeadlock } from "../issuer/deadlock.ts";
import { announce } from "./news.ts";
import { nextEpoch, removeEnded, revocationsUntil, storeRevocation } from "./revocation-queries.ts";
import { type Revocation, type RevokedTable, revocationMs } from "./revoked-table.ts";

const beatMs = 2000;
const overlapMs = 60_000;

/** What the issuer revokes: stored in MySQL with what it belongs to, known here at once, told to the others through Redis. */
export interface Revocations extends AsyncDisposable {
  /** Runs `work` in a transaction; what it answers to be revoked is revoked with it, or neither happens. */
  revoke(work: (connection: MysqlConnection) => Promise<Revocation[]>): Promise<void>;
  /** Moves an account to its next epoch, within `revoke`: all its tokens end, and no remembered password is good. */
  allOf(connection: MysqlConnection, accountId: number): Promise<Revocation>;
  /** Reads what other issuers have revoked and tells what is still to be told; runs every 2 s once `start` was called. */
  beat(all?: boolean): Promise<void>;
  start(): void;
}

/** `redis` is missing where there is only this process; `now` is in ms. */
export function revocations(options: {
  pool: MysqlPool;
  table: RevokedTable;
  redis: Redis | undefined;
  log: Logger;
  now: () => number;
}): Revocations {
  const { pool, table, redis, log, now } = options;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let readUpTo = Number.NEGATIVE_INFINITY;
  let mustTellAll = true;
  let wentWell = true;
  redis?.on("ready", () => {
    mustTellAll = true; // Redis may have been emptied.
  });

  const tell = async (entries: Revocation[], beat: boolean) => {
    if (!redis || (entries.length === 0 && !beat)) return;
    await announce(redis, entries, beat).catch((error: unknown) => {
      mustTellAll = true;
      throw error;
    });
  };

  const beat = async (tellAll = false) => {
    const at = now();
    const all = tellAll || mustTellAll;
    // A row may become visible late, after others that were stored later.
    const since = all ? at : readUpTo - overlapMs + revocationMs;
    mustTellAll = false;
    try {
      const entries = await revocationsUntil(pool, new Date(Math.max(since, at)));
      for (const entry of entries) table.add(entry);
      readUpTo = at;
      table.heard(at);
      await tell(all ? entries : [], true);
      await removeEnded(pool, new Date(at));
      wentWell = true;
    } catch (error) {
      mustTellAll ||= all;
      if (wentWell) log.warn({ err: error }, "revocations could not be passed on; trying again");
      wentWell = false;
    }
  };

  return {
    async revoke(work) {
      const until = new Date(now() + revocationMs);
      const entries = await againOnDeadlock(() =>
        inMysqlTransaction(pool, async (connection) => {
          const found = await work(connection);
          for (const entry of found) await storeRevocation(connection, entry, until);
          return found;
        }),
      );
      for (const entry of entries) table.add(entry);
      tell(entries, false).catch(() => {}); // The next beat tells it.
    },
    async allOf(connection, accountId) {
      return {
        kind: "account",
        subject: String(accountId),
        epoch: await nextEpoch(connection, accountId, new Date(now())),
      };
    },
    beat,
    start() {
      timer ??= setInterval(() => {
        running ??= beat().finally(() => {
          running = undefined;
        });
      }, beatMs);
      timer.unref();
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}
