import { authSettings } from "@quintet/auth";
import { readEnv, separatePorts, settings } from "@quintet/http";
import { z } from "zod";

/** A store that an app can need. `cache` is a second Redis that may lose its data; without one the app uses `redis`. */
export type StoreName = "mysql" | "postgres" | "redis" | "cache";

const storeSettings = {
  mysql: { MYSQL_URL: settings.mysqlUrl },
  postgres: { POSTGRES_URL: settings.url("postgres", "postgresql") },
  redis: { REDIS_URL: settings.redisUrl },
  cache: { CACHE_REDIS_URL: settings.redisUrl.optional() },
};

const everyApp = {
  ...settings.listen,
  ...authSettings,
  /** Idempotency keys of requests in flight are in Redis, so every app needs it. */
  ...storeSettings.redis,
  DEMO_DATA: settings.flag.default(false),
};

type Infer<Shape extends z.ZodRawShape> = z.infer<z.ZodObject<Shape>>;

/** The parsed settings that every app has. */
export type AppConfig = Infer<typeof everyApp>;

/** The parsed settings of an app that needs the stores `S` and has settings of its own, `Own`. */
export type ConfigOf<S extends StoreName, Own extends z.ZodRawShape = Record<never, never>> = AppConfig &
  ("mysql" extends S ? Infer<(typeof storeSettings)["mysql"]> : unknown) &
  ("postgres" extends S ? Infer<(typeof storeSettings)["postgres"]> : unknown) &
  ("cache" extends S ? Infer<(typeof storeSettings)["cache"]> : unknown) &
  Infer<Own>;

/** Reads the settings of an app from environment variables; throws one `ConfigError` that names every invalid one. */
export function readAppSettings(
  stores: readonly StoreName[],
  own: z.ZodRawShape,
  env: NodeJS.ProcessEnv,
): AppConfig & Record<string, unknown> {
  const ofStores = Object.assign({}, ...stores.map((name) => storeSettings[name]));
  return readEnv(z.object({ ...everyApp, ...ofStores, ...own }), env, [separatePorts]) as AppConfig;
}
