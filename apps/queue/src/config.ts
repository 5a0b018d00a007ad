import { authRules, authSettings } from "@quintet/auth";
import { readEnv, settings } from "@quintet/http";
import { z } from "zod";

const schema = z.object({
  ...settings.listen,
  ...authSettings,
  REDIS_URL: settings.redisUrl,
  DEMO_DATA: settings.flag.default(false),
});

export type Config = z.infer<typeof schema>;

/** This app's settings out of environment variables; throws `ConfigError` naming every bad one. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  return readEnv(schema, env, authRules);
}
