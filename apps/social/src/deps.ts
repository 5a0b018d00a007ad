import { type Auth, keyedFingerprints } from "@quintet/auth";
import { connectRedis, healthRedis, type RecordSweep, type Redis, recordSweep, redisIdempotency } from "@quintet/db";
import { deriveKey, type IdempotencyStore, type Logger } from "@quintet/http";
import type { Config } from "./config.ts";
import { type OpenDatabase, openDatabase } from "./database.ts";
import { createProfiles, type Profiles } from "./profiles.ts";

export interface Deps extends AsyncDisposable {
  auth: Auth;
  log: Logger;
  corsOrigins: string[];
  database: OpenDatabase;
  health: Redis;
  profiles: Profiles;
  idempotency: IdempotencyStore;
  records: RecordSweep;
  cursorKey: Buffer;
  /** The passwords of the demo accounts come from it, so that nobody who lacks the secret knows them. */
  demoKey: Buffer;
}

/** What the app works with. Disposing of it closes what was made here, not what is shared. */
export function createDeps(config: Config, shared: { log: Logger; auth: Auth }): Deps {
  const { log, auth } = shared;
  const database = openDatabase(config.POSTGRES_URL, config.STATEMENT_SECONDS);
  const redis = connectRedis(config.REDIS_URL, {
    prefix: `${config.REDIS_PREFIX}social:`,
    name: "social",
    onError: (error) => log.warn({ err: error }, "redis"),
  });
  const health = healthRedis(config.REDIS_URL);
  const records = recordSweep(database.records, (error) =>
    log.warn({ err: error }, "old records of requests could not be removed"),
  );
  return {
    auth,
    log,
    corsOrigins: config.CORS_ORIGINS,
    database,
    health,
    profiles: createProfiles(database.db),
    // A registration has a password in it, which a bare digest in Redis would give away to guessing.
    idempotency: keyedFingerprints(redisIdempotency(redis), deriveKey(config.QUINTET_SECRET, "social idempotency")),
    records,
    cursorKey: deriveKey(config.QUINTET_SECRET, "social cursor"),
    demoKey: deriveKey(config.QUINTET_SECRET, "social demo accounts"),
    [Symbol.asyncDispose]: async () => {
      await records[Symbol.asyncDispose]();
      health.disconnect();
      await redis.quit().catch(() => redis.disconnect());
      await database[Symbol.asyncDispose]();
    },
  };
}
