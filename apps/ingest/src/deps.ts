import { resolve } from "node:path";
import type { Auth } from "@quintet/auth";
import { connectMysql, connectRedis, type MysqlPool, type Redis, redisIdempotency } from "@quintet/db";
import { deriveKey, type IdempotencyStore, type Logger } from "@quintet/http";
import type { Config } from "./config.ts";
import { type Loading, standardLoading } from "./loads/loading.ts";
import { openBulkStore } from "./store/bulk-store.ts";

export interface Deps extends AsyncDisposable {
  auth: Auth;
  log: Logger;
  corsOrigins: string[];
  db: MysqlPool;
  redis: Redis;
  loading: Loading;
  idempotency: IdempotencyStore;
  cursorKey: Buffer;
  /** The folder of the Avro files. */
  backupDir: string;
}

/** What the app works with. Connects to nothing until it is used; disposing of it waits for loads and closes what was made here. */
export function createDeps(config: Config, shared: { log: Logger; auth: Auth }): Deps {
  const { log, auth } = shared;
  const db = connectMysql(config.MYSQL_URL, { name: "ingest" });
  const bulk = openBulkStore(config.MYSQL_URL);
  const redis = connectRedis(config.REDIS_URL, {
    prefix: `${config.REDIS_PREFIX}ingest:`,
    name: "ingest",
    lazyConnect: true,
    onError: (error) => log.warn({ err: error }, "redis"),
  });
  const loading: Loading = { db, bulk, log, ...standardLoading, running: new Set() };
  return {
    auth,
    log,
    corsOrigins: config.CORS_ORIGINS,
    db,
    redis,
    loading,
    idempotency: redisIdempotency(redis),
    cursorKey: deriveKey(config.QUINTET_SECRET, "ingest cursor"),
    backupDir: resolve(config.BACKUP_DIR),
    [Symbol.asyncDispose]: async () => {
      await Promise.allSettled(loading.running);
      redis.disconnect();
      await bulk[Symbol.asyncDispose]();
      await db.end();
    },
  };
}
