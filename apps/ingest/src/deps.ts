import { resolve } from "node:path";
import type { Auth } from "@quintet/auth";
import {
  connectMysql,
  connectRedis,
  healthMysql,
  healthRedis,
  type MysqlPool,
  mysqlRecordTable,
  type RecordSweep,
  type Redis,
  recordSweep,
  redisIdempotency,
  type Sweeping,
  sweeping,
} from "@quintet/db";
import { deriveKey, type HealthCheck, type IdempotencyStore, type Logger } from "@quintet/http";
import { removeStaleDrafts } from "./backups/stale-drafts.ts";
import type { Config } from "./config.ts";
import { defaultLoadSettings, type LoadContext } from "./loads/load-context.ts";
import { LoadSlots } from "./loads/load-slots.ts";
import { removeExpired } from "./retention/retention.ts";
import { doneTable, openBulkStore } from "./store/bulk-store.ts";

export interface Deps extends AsyncDisposable {
  auth: Auth;
  log: Logger;
  corsOrigins: string[];
  /** Short statements and writes. */
  db: MysqlPool;
  /** Reports and lists of rows, which have this share of MySQL and no more, and end with their clients. */
  reports: MysqlPool;
  /** Whole tables, which take their time. */
  bulk: MysqlPool;
  checks: Record<string, HealthCheck>;
  records: RecordSweep;
  /** Removes what was kept long enough. */
  retention: Sweeping;
  redis: Redis;
  loads: LoadContext;
  idempotency: IdempotencyStore;
  cursorKey: Buffer;
  /** The folder of the Avro files. */
  backupDir: string;
}

/** What the app works with. Connects to nothing until it is used, and removes what was left of backups; disposing of it waits for loads and closes what was made here. */
export function createDeps(config: Config, shared: { log: Logger; auth: Auth }): Deps {
  const { log, auth } = shared;
  const { MYSQL_URL: url, STATEMENT_SECONDS: statementSeconds, BULK_STATEMENT_SECONDS: bulkSeconds } = config;
  const db = connectMysql(url, { name: "ingest", statementSeconds });
  const reports = connectMysql(url, { connections: 4, name: "ingest reports", statementSeconds, endsWithClient: true });
  const bulk = connectMysql(url, { connections: 4, name: "ingest backups", statementSeconds: bulkSeconds });
  const health = healthMysql(url);
  const redisHealth = healthRedis(config.REDIS_URL);
  const store = openBulkStore(url, bulkSeconds);
  const redis = connectRedis(config.REDIS_URL, {
    prefix: `${config.REDIS_PREFIX}ingest:`,
    name: "ingest",
    lazyConnect: true,
    onError: (error) => log.warn({ err: error }, "redis"),
  });
  const backupDir = resolve(config.BACKUP_DIR);
  // In every process: one of several that was killed is replaced, and the others were not.
  const cleaned = removeStaleDrafts(backupDir).catch((error: unknown) =>
    log.warn({ err: error }, "drafts of backups that were left cannot be removed"),
  );
  const loads: LoadContext = {
    db,
    bulk: store,
    log,
    ...defaultLoadSettings,
    running: new Set(),
    slots: new LoadSlots(),
  };
  const records = recordSweep(mysqlRecordTable(db, doneTable), (error) =>
    log.warn({ err: error }, "old records of requests could not be removed"),
  );
  const kept = { loadsDays: config.LOADS_DAYS, rejectsDays: config.REJECTS_DAYS, backups: config.BACKUPS_KEEP };
  const retention = sweeping((signal) => removeExpired({ db, folder: backupDir, log, kept }, signal), {
    everyMs: 600_000,
    onError: (error) => log.warn({ err: error }, "what is old could not be removed; trying again"),
  });
  return {
    auth,
    log,
    corsOrigins: config.CORS_ORIGINS,
    db,
    reports,
    bulk,
    checks: { mysql: () => health.query("SELECT 1"), redis: () => redisHealth.ping() },
    redis,
    loads,
    idempotency: redisIdempotency(redis),
    records,
    retention,
    cursorKey: deriveKey(config.QUINTET_SECRET, "ingest cursor"),
    backupDir,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([records, retention].map((each) => each[Symbol.asyncDispose]()));
      await Promise.allSettled([cleaned, ...loads.running]);
      redis.disconnect();
      redisHealth.disconnect();
      await store[Symbol.asyncDispose]();
      await Promise.all([db, reports, bulk, health].map((pool) => pool.end()));
    },
  };
}
