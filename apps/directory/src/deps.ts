import type { Auth } from "@quintet/auth";
import {
  connectPostgres,
  connectRedis,
  healthPostgres,
  healthRedis,
  type PostgresSql,
  postgresRecordTable,
  type RecordSweep,
  recordSweep,
  redisIdempotency,
} from "@quintet/db";
import { deriveKey, type HealthCheck, type IdempotencyStore, type Logger } from "@quintet/http";
import { redisCacheStore } from "./cache/cache-store.ts";
import { followChanges } from "./cache/change-log.ts";
import { createResponseCache, type ResponseCache } from "./cache/response-cache.ts";
import type { Config } from "./config.ts";
import { doneTable } from "./users/user-queries.ts";

/** What the directory works with. */
export interface Deps extends AsyncDisposable {
  auth: Auth;
  log: Logger;
  corsOrigins: string[];
  /** Short statements and writes. */
  sql: PostgresSql;
  /** Searches and lists, which have this share of Postgres and no more, and end with their clients. */
  searches: PostgresSql;
  /** Demo data, which takes its time. */
  bulk: PostgresSql;
  cache: ResponseCache;
  idempotency: IdempotencyStore;
  records: RecordSweep;
  cursorKey: Buffer;
  formKey: Buffer;
  demoUsers: number;
  checks: Record<string, HealthCheck>;
}

/** Opens the directory's own connections and closes them; `shared` stays the caller's. */
export function createDeps(config: Config, shared: { log: Logger; auth: Auth }): Deps {
  const { log, auth } = shared;
  const { POSTGRES_URL: url, STATEMENT_SECONDS: statementSeconds } = config;
  const sql = connectPostgres(url, { name: "directory", statementSeconds });
  const searches = connectPostgres(url, {
    name: "directory searches",
    statementSeconds,
    endsWithClient: true,
    // A plan that must do for every word and every depth reads far too much for most of them.
    settings: { plan_cache_mode: "force_custom_plan" },
  });
  const bulk = connectPostgres(url, { connections: 1, statementSeconds: 0 });
  const health = healthPostgres(url);
  const redisHealth = healthRedis(config.REDIS_URL);
  const changes = connectPostgres(url, { connections: 1, name: "directory changes", statementSeconds });
  const redis = connectRedis(config.REDIS_URL, {
    prefix: `${config.REDIS_PREFIX}directory:`,
    name: "directory",
    onError: (error) => log.debug({ err: error }, "Redis"),
    enableAutoPipelining: true,
  });
  const cacheRedis = connectRedis(config.CACHE_REDIS_URL ?? config.REDIS_URL, {
    prefix: `${config.REDIS_PREFIX}directory:`,
    name: "directory-cache",
    onError: (error) => log.debug({ err: error }, "Redis for the cache"),
    enableAutoPipelining: true,
  });
  const records = recordSweep(postgresRecordTable(sql, doneTable), (error) =>
    log.warn({ err: error }, "Old records of requests could not be removed"),
  );
  return {
    auth,
    log,
    corsOrigins: config.CORS_ORIGINS,
    sql,
    searches,
    bulk,
    cache: createResponseCache(redisCacheStore(cacheRedis), followChanges(changes), log),
    idempotency: redisIdempotency(redis, { deadlineMs: 400 }),
    records,
    cursorKey: deriveKey(config.QUINTET_SECRET, "directory cursor"),
    formKey: deriveKey(config.QUINTET_SECRET, "directory form"),
    demoUsers: config.DEMO_USERS,
    checks: {
      postgres: () => health`SELECT 1`,
      redis: () => redisHealth.ping(),
    },
    async [Symbol.asyncDispose]() {
      await records[Symbol.asyncDispose]();
      redis.disconnect();
      redisHealth.disconnect();
      cacheRedis.disconnect();
      await Promise.all([
        ...[sql, searches, health, changes].map((client) => client.end({ timeout: 1 })),
        bulk.end({ timeout: 0 }), // Demo data that are not whole are made at the next start.
      ]);
    },
  };
}
