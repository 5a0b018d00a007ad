import { hostRules, hostSettings } from "@quintet/host";
import { readEnv, settings } from "@quintet/http";
import { z } from "zod";

const schema = z.object({
  ...settings.listen,
  ...hostSettings,
  POSTGRES_URL: settings.url("postgres", "postgresql"),
  REDIS_URL: settings.redisUrl,
  REDIS_PREFIX: z.string().default("quintet:"),
  DEMO_DATA: settings.flag.default(false),
});

export type Config = z.infer<typeof schema>;

/** The settings of this app out of the environment; throws one error that names every bad variable. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  return readEnv(schema, env, hostRules);
}
