import { hostRules, hostSettings } from "@quintet/host";
import { readEnv, settings } from "@quintet/http";
import { z } from "zod";

const schema = z.object({
  ...settings.listen,
  ...hostSettings,
  REDIS_URL: settings.redisUrl,
  SIMPLE_QUEUE_MAX_LENGTH: settings.number(1, 100_000_000).default(1_000_000),
  SIMPLE_QUEUE_MAX_BYTES: settings.number(1024 * 1024, 1024 ** 4).default(256 * 1024 * 1024),
  DEMO_DATA: settings.flag.default(false),
});

export type Config = z.infer<typeof schema>;

/** This app's settings out of environment variables; throws `ConfigError` naming every bad one. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  return readEnv(schema, env, hostRules);
}
