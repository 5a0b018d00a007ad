import type { Auth } from "@quintet/auth";
import {
  connectRedis,
  healthRedis,
  mysqlRecordTable,
  type RecordSweep,
  type Redis,
  recordSweep,
  redisIdempotency,
} from "@quintet/db";
import { deriveKey, type IdempotencyStore, type Logger } from "@quintet/http";
import type { Config } from "./config.ts";
import { closeDatabase, type Database, openDatabase } from "./database.ts";
import { doneTable } from "./properties.ts";
import { type Indexing, indexing } from "./term-index.ts";

/** What the listings need to run. */
export interface Deps extends AsyncDisposable {
  auth: Auth;
  log: Logger;
  corsOrigins: string[];
  cursorKey: Buffer;
  idempotency: IdempotencyStore;
  db: Database;
  health: Redis;
  indexing: Indexing;
  records: RecordSweep;
}

/** Opens nothing until it is used; disposes what it made, and none of `shared`. */
export function createDeps(config: Config, shared: { log: Logger; auth: Auth }): Deps {
  const { log, auth } = shared;
  const db = openDatabase(config.MYSQL_URL, config.STATEMENT_SECONDS);
  const redis = connectRedis(config.REDIS_URL, {
    prefix: `${config.REDIS_PREFIX}properties:`,
    name: "properties",
    onError: (error) => log.warn({ err: error }, "Redis connection"),
  });
  const health = healthRedis(config.REDIS_URL);
  const indexed = indexing(db, (error) => log.warn({ err: error }, "Listings could not be indexed"));
  const records = recordSweep(mysqlRecordTable(db.pool, doneTable), (error) =>
    log.warn({ err: error }, "Old records of requests could not be removed"),
  );
  return {
    auth,
    log,
    corsOrigins: config.CORS_ORIGINS,
    cursorKey: deriveKey(config.QUINTET_SECRET, "properties cursor"),
    idempotency: redisIdempotency(redis),
    db,
    health,
    indexing: indexed,
    records,
    async [Symbol.asyncDispose]() {
      redis.disconnect();
      health.disconnect();
      await Promise.all([indexed[Symbol.asyncDispose](), records[Symbol.asyncDispose]()]);
      await closeDatabase(db);
    },
  };
}
