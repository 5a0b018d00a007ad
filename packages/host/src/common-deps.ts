import { type Auth, signedInAs } from "@quintet/auth";
import {
  connectMysql,
  connectPostgres,
  connectRedis,
  healthMysql,
  healthPostgres,
  healthRedis,
  type MysqlPool,
  type PostgresSql,
  type Redis,
  redisIdempotency,
} from "@quintet/db";
import { deriveKey, type HealthCheck, type IdempotencyStore, type Logger, type ServiceOptions } from "@quintet/http";
import { allApps, pageFrame } from "@quintet/pages";
import type { AppConfig, StoreName } from "./app-settings.ts";

/** What the host gives to every app that it opens. */
export interface Shared {
  log: Logger;
  auth: Auth;
  /** Aborts when a stop was requested, before the requests in flight are drained. */
  stopping?: AbortSignal;
}

interface StoreClients {
  /** Short statements and writes; the metrics know this pool by the app's name. */
  mysql: MysqlPool;
  /** Short statements and writes; the metrics know this client by the app's name. */
  postgres: PostgresSql;
}

/** The dependencies that every app has, and one client for each store of `S`. */
export type CommonDeps<S extends StoreName = StoreName> = {
  auth: Auth;
  log: Logger;
  stopping: AbortSignal;
  /** What `createService` needs to know of the app; its `checks` are one for each store. An app with pages replaces its `frame`. */
  service: Pick<ServiceOptions, "title" | "version" | "prefix" | "log" | "corsOrigins" | "frame" | "checks">;
  /** Signs the cursors of the app's lists. */
  cursorKey: Buffer;
  /** The requests in flight, by their idempotency keys. */
  idempotency: IdempotencyStore;
  /** The app's keys: each begins with `REDIS_PREFIX` and the app's name. */
  redis: Redis;
} & Pick<StoreClients, S & keyof StoreClients>;

/** What an app is, as far as its common dependencies depend on it. */
export interface CommonOptions {
  name: string;
  version: string;
  stores: readonly StoreName[];
  /** Whether commands to Redis that are sent in one turn of the event loop share a write. */
  pipelinesRedis?: boolean | undefined;
}

/** Opens the dependencies that every app has. Nothing connects before it is used; `stack` closes what was opened. */
export function openCommonDeps(
  { name, version, stores, pipelinesRedis = false }: CommonOptions,
  config: AppConfig & Record<string, unknown>,
  { auth, log, stopping = new AbortController().signal }: Shared,
  stack: AsyncDisposableStack,
): CommonDeps {
  const { STATEMENT_SECONDS: statementSeconds } = config;
  const checks: Record<string, HealthCheck> = {};
  const clients: Partial<StoreClients> = {};
  // Settings of the apps whose data is in Redis alone.
  const waitReplicas = Number(config.REDIS_WAIT_REPLICAS ?? 0);
  const redis = connectRedis(config.REDIS_URL, {
    prefix: `${config.REDIS_PREFIX}${name}:`,
    name,
    batchesWrites: pipelinesRedis,
    replication: waitReplicas > 0 ? { replicas: waitReplicas, waitMs: Number(config.REDIS_WAIT_MS) } : undefined,
    onError: (error) => log.warn({ err: error }, "Redis connection failed"),
  });
  stack.defer(() => redis.disconnect());
  const open: Record<StoreName, () => void> = {
    mysql() {
      const url = String(config.MYSQL_URL);
      const [pool, health] = [connectMysql(url, { name, statementSeconds }), healthMysql(url)];
      for (const each of [pool, health]) stack.defer(() => each.end());
      checks.mysql = () => health.query("SELECT 1");
      clients.mysql = pool;
    },
    postgres() {
      const url = String(config.POSTGRES_URL);
      const [client, health] = [connectPostgres(url, { name, statementSeconds }), healthPostgres(url)];
      for (const each of [client, health]) stack.defer(() => each.end({ timeout: 1 }));
      checks.postgres = () => health`SELECT 1`;
      clients.postgres = client;
    },
    redis() {
      const health = healthRedis(config.REDIS_URL, { waitReplicas });
      stack.defer(() => health.disconnect());
      checks.redis = health.check;
    },
    cache() {}, // Its app opens it: a cache that is unavailable is no fault of the app's health.
  };
  for (const store of stores) open[store]();
  const prefix = `/${name}`;
  const { title = name, href = prefix } = allApps.find((app) => app.name === name) ?? {};
  const frame = pageFrame({ prefix, name: title, home: href, signedInAs: signedInAs(auth) });
  return {
    auth,
    log,
    stopping,
    service: { title: `Quintet ${name}`, version, prefix, log, corsOrigins: config.CORS_ORIGINS, frame, checks },
    cursorKey: deriveKey(config.QUINTET_SECRET, `${name} cursor`),
    idempotency: redisIdempotency(redis),
    redis,
    ...(clients as StoreClients),
  };
}
