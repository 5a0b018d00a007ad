import { type Revocation, type RevokedTable, revocationPublisher } from "@quintet/auth/issuer";
import { inMysqlTransaction, type MysqlConnection, type MysqlPool, onRedisReady, type Redis } from "@quintet/db";
import type { Logger } from "@quintet/http";
import { nextEpoch, readRevocations, storeRevocation } from "./revocation-queries.ts";

const heartbeatMs = 500;
/** A row may become visible this much later than it was stored, after others that were stored later. */
const overlapSeconds = 60;

/** Revocations by the issuer: stored in MySQL with the change, known in this process at once, published through Redis. */
export interface Revocations extends AsyncDisposable {
  /**
   * Runs `work` in a transaction together with the revocations that it returns: both happen, or neither. Resolves when they have been
   * published, or after half a second when Redis does not respond: other processes then read them from MySQL or the issuer.
   */
  revoke(work: (connection: MysqlConnection) => Promise<Revocation[]>): Promise<void>;
  /** Moves an account to its next epoch, within `revoke`: all its tokens and cached passwords end. */
  revokeAll(connection: MysqlConnection, accountId: number): Promise<Revocation>;
  /** Reads the revocations of other issuers and publishes pending ones, now and then twice a second. */
  start(): Promise<void>;
  /** Publishes all revocations once more. */
  publishAll(): Promise<void>;
}

/**
 * `record` is a connection of its own with a short timeout, over which revocations are read. `redis` is missing if this is the only
 * process; `now` is the wall clock in ms.
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
  const publish = redis && revocationPublisher(redis);
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let publishing = Promise.resolve();
  let readUpTo: Date | undefined;
  let mustPublishAll = true;
  const succeeded = { Reading: true, Publishing: true };

  const failed = (step: keyof typeof succeeded, error: unknown) => {
    if (succeeded[step]) log.warn({ err: error }, `${step} revocations failed; retrying`);
    succeeded[step] = false;
  };
  const publishOnce = async (fresh: Revocation[], heartbeat: boolean) => {
    if (!publish) return;
    const isAll = mustPublishAll;
    mustPublishAll = false;
    try {
      const wasEmpty = await publish(isAll ? table.since(0) : fresh, heartbeat);
      if (wasEmpty && !isAll) mustPublishAll = true; // Redis has lost its data.
      succeeded.Publishing = true;
    } catch (error) {
      mustPublishAll = true;
      failed("Publishing", error);
    }
  };
  /** Reads the revocations in MySQL and starts to publish; resolves when they have been read. */
  const heartbeat = async () => {
    const startedAt = performance.now();
    try {
      const found = await readRevocations(record, readUpTo, { overlapSeconds, now: new Date(now()) });
      const fresh = found.entries.filter(table.add);
      table.markCurrent(startedAt);
      const wasSetBack = readUpTo !== undefined && found.at < readUpTo; // The clock of the database.
      readUpTo = wasSetBack ? undefined : found.at;
      succeeded.Reading = true;
      // Not awaited: when Redis does not respond, the next heartbeat publishes again.
      publishing = publishOnce(fresh, true);
    } catch (error) {
      failed("Reading", error);
    }
  };
  const heartbeatOnce = () => {
    running ??= heartbeat().finally(() => {
      running = undefined;
    });
    return running;
  };
  const inBackground = () => {
    heartbeatOnce().catch(() => {}); // Errors have been logged.
  };
  if (redis) {
    onRedisReady(redis, () => {
      mustPublishAll = true; // Redis may have lost its data.
      if (timer) inBackground();
    });
  }

  return {
    async revoke(work) {
      const entries = await inMysqlTransaction(pool, async (connection) => {
        const found = await work(connection);
        for (const entry of found) await storeRevocation(connection, entry, new Date(now()));
        return found;
      });
      for (const entry of entries) table.add(entry);
      if (entries.length > 0) await publishOnce(entries, false);
    },
    async revokeAll(connection, accountId) {
      return {
        kind: "account",
        subject: String(accountId),
        epoch: await nextEpoch(connection, accountId, new Date(now())),
      };
    },
    async start() {
      await heartbeatOnce();
      timer ??= setInterval(inBackground, heartbeatMs).unref();
    },
    async publishAll() {
      await running;
      mustPublishAll = true;
      await heartbeatOnce();
      await publishing;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      timer = undefined;
      await running;
    },
  };
}
