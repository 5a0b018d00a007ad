import { type Revocation, type RevokedTable, revocationPublisher } from "@quintet/auth/issuer";
import { inMysqlTransaction, type MysqlConnection, type MysqlPool, type Redis } from "@quintet/db";
import type { Logger } from "@quintet/http";
import { nextEpoch, readRevocations, storeRevocation } from "./revocation-queries.ts";

const beatMs = 500;
/** A row may become visible so much later than it was stored, after others that were stored later. */
const overlapSeconds = 60;

/** What the issuer revokes: stored in MySQL with what it belongs to, known here at once, told to the others through Redis. */
export interface Revocations extends AsyncDisposable {
  /**
   * Runs `work` in a transaction; what it answers to be revoked is revoked with it, or neither happens. Resolves when the others
   * have been told, or half a second later when Redis does not respond: they read it from MySQL or the issuer then.
   */
  revoke(work: (connection: MysqlConnection) => Promise<Revocation[]>): Promise<void>;
  /** Moves an account to its next epoch, within `revoke`: all its tokens end, and no remembered password is good. */
  revokeAll(connection: MysqlConnection, accountId: number): Promise<Revocation>;
  /** Reads what other issuers have revoked and tells what is still to be told, twice a second from now on. */
  start(): Promise<void>;
  /** Tells all that is revoked once more. */
  publishAll(): Promise<void>;
}

/**
 * `record` is where revocations are read: a connection of its own that gives up soon, so that the news wait for nothing. `redis` is
 * missing where there is only this process; `now` is in ms.
 */
export function createRevocations(options: {
  pool: MysqlPool;
  record: MysqlPool;
  table: RevokedTable;
  redis: Redis | undefined;
  log: Logger;
  now: () => number;
}): Revocations {
  const { pool, record, table, redis, log, now } = options;
  const announce = redis && revocationPublisher(redis);
  let timer: NodeJS.Timeout | undefined;
  let beating: Promise<void> | undefined;
  let telling = Promise.resolve();
  let readUpTo: Date | undefined;
  let mustTellAll = true;
  const wentWell = { reading: true, telling: true };

  const failed = (what: keyof typeof wentWell, error: unknown) => {
    if (wentWell[what]) log.warn({ err: error }, `${what} what was revoked failed; trying again`);
    wentWell[what] = false;
  };
  const tell = async (fresh: Revocation[], beat: boolean) => {
    if (!announce) return;
    const isAll = mustTellAll;
    mustTellAll = false;
    try {
      const wasEmpty = await announce(isAll ? table.since(0) : fresh, beat);
      if (wasEmpty && !isAll) mustTellAll = true; // Redis was emptied.
      wentWell.telling = true;
    } catch (error) {
      mustTellAll = true;
      failed("telling", error);
    }
  };
  /** Reads the record and begins to tell; resolves when it was read. */
  const beat = async () => {
    const askedAt = performance.now();
    try {
      const found = await readRevocations(record, readUpTo, { overlapSeconds, now: new Date(now()) });
      const fresh = found.entries.filter(table.add);
      table.markCurrent(askedAt);
      const isBack = readUpTo !== undefined && found.at < readUpTo; // Its clock was set back.
      readUpTo = isBack ? undefined : found.at;
      wentWell.reading = true;
      // A Redis that does not respond holds up nothing: the next beat tells again.
      telling = tell(fresh, true);
    } catch (error) {
      failed("reading", error);
    }
  };
  const beatOnce = () => {
    beating ??= beat().finally(() => {
      beating = undefined;
    });
    return beating;
  };
  const inBackground = () => {
    beatOnce().catch(() => {}); // It has said so in the log.
  };
  redis?.on("ready", () => {
    mustTellAll = true; // Redis may have been emptied.
    if (timer) inBackground();
  });

  return {
    async revoke(work) {
      const entries = await inMysqlTransaction(pool, async (connection) => {
        const found = await work(connection);
        for (const entry of found) await storeRevocation(connection, entry, new Date(now()));
        return found;
      });
      for (const entry of entries) table.add(entry);
      if (entries.length > 0) await tell(entries, false);
    },
    async revokeAll(connection, accountId) {
      return {
        kind: "account",
        subject: String(accountId),
        epoch: await nextEpoch(connection, accountId, new Date(now())),
      };
    },
    async start() {
      await beatOnce();
      timer ??= setInterval(inBackground, beatMs).unref();
    },
    async publishAll() {
      await beating;
      mustTellAll = true;
      await beatOnce();
      await telling;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      timer = undefined;
      await beating;
    },
  };
}
