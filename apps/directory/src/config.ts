import { hostRules, hostSettings } from "@quintet/host";
import { readEnv, settings } from "@quintet/http";
import { z } from "zod";

const schema = z.object({
  ...settings.listen,
  ...hostSettings,
  POSTGRES_URL: settings.url("postgres", "postgresql"),
  REDIS_URL: settings.redisUrl,
  CACHE_REDIS_URL: settings.redisUrl.optional(),
  DEMO_DATA: settings.flag.default(false),
  DEMO_USERS: settings.number(1, 10_000_000).default(1_000_000),
});

export type Config = z.infer<typeof schema>;

/** The app's settings; throws `ConfigError` naming every bad one. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  return readEnv(schema, env, hostRules);
}
