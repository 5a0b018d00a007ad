import {
  connectPostgres,
  connectRedis,
  type PostgresSql,
  postgresRecordTable,
  type RecordSweep,
  recordSweep,
  redisIdempotency,
} from "@quintet/db";
import type { CommonDeps, DepsOf } from "@quintet/host";
import { deriveKey, type IdempotencyStore } from "@quintet/http";
import { redisCacheStore } from "./cache/cache-store.ts";
import { followChanges } from "./cache/change-log.ts";
import { createResponseCache, type ResponseCache } from "./cache/response-cache.ts";
import type { Config } from "./config.ts";
import { doneTable } from "./users/user-queries.ts";

/** What only this app works with. */
interface DirectoryDeps extends AsyncDisposable {
  /** Searches and lists, which have this share of Postgres and no more, and end with their clients. */
  searches: PostgresSql;
  /** Demo data, which takes its time. */
  bulk: PostgresSql;
  cache: ResponseCache;
  idempotency: IdempotencyStore;
  records: RecordSweep;
  formKey: Buffer;
  demoUsers: number;
}

/** All that the directory works with. */
export type Deps = DepsOf<"postgres" | "redis" | "cache", DirectoryDeps>;

/** Opens nothing until it is used. */
export function createDeps(config: Config, { postgres, redis, log }: CommonDeps<"postgres">): DirectoryDeps {
  const { POSTGRES_URL: url, STATEMENT_SECONDS: statementSeconds } = config;
  const searches = connectPostgres(url, {
    name: "directory searches",
    statementSeconds,
    endsWithClient: true,
    // A plan that must do for every word and every depth reads far too much for most of them.
    settings: { plan_cache_mode: "force_custom_plan" },
  });
  const bulk = connectPostgres(url, { connections: 1, statementSeconds: 0 });
  const changes = connectPostgres(url, { connections: 1, name: "directory changes", statementSeconds });
  const cacheRedis = connectRedis(config.CACHE_REDIS_URL ?? config.REDIS_URL, {
    prefix: `${config.REDIS_PREFIX}directory:`,
    name: "directory-cache",
    onError: (error) => log.debug({ err: error }, "Redis connection of the cache failed"),
    batchesWrites: true,
  });
  const records = recordSweep(postgresRecordTable(postgres, doneTable), (error) =>
    log.warn({ err: error }, "Old records of requests could not be removed"),
  );
  return {
    searches,
    bulk,
    cache: createResponseCache(redisCacheStore(cacheRedis), followChanges(changes), log),
    idempotency: redisIdempotency(redis, { deadlineMs: 400 }),
    records,
    formKey: deriveKey(config.QUINTET_SECRET, "directory form"),
    demoUsers: config.DEMO_USERS,
    async [Symbol.asyncDispose]() {
      await records[Symbol.asyncDispose]();
      cacheRedis.disconnect();
      await Promise.all([
        ...[searches, changes].map((client) => client.end({ timeout: 1 })),
        bulk.end({ timeout: 0 }), // Demo data that are not whole are made at the next start.
      ]);
    },
  };
}
