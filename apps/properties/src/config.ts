import { hostRules, hostSettings } from "@quintet/host";
import { readEnv, settings } from "@quintet/http";
import { z } from "zod";

const schema = z.object({
  ...settings.listen,
  ...hostSettings,
  MYSQL_URL: settings.mysqlUrl,
  REDIS_URL: settings.redisUrl,
  DEMO_DATA: settings.flag.default(false),
});

export type Config = z.infer<typeof schema>;

/** The settings of the listings; throws once, naming every bad variable. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  return readEnv(schema, env, hostRules);
}
