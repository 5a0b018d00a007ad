import { hostRules, hostSettings } from "@quintet/host";
import { readEnv, settings } from "@quintet/http";
import { z } from "zod";

const schema = z.object({
  ...settings.listen,
  ...hostSettings,
  MYSQL_URL: settings.mysqlUrl,
  REDIS_URL: settings.redisUrl,
  REDIS_PREFIX: z.string().default("quintet:"),
  BULK_STATEMENT_SECONDS: settings.number(0, 1_000_000).default(3600),
  BACKUP_DIR: settings.folder.default("./backups"),
  BACKUPS_KEEP: settings.number(0, 1_000_000).default(0),
  // The key of a load counts for two days.
  LOADS_DAYS: settings
    .number(0, 36_500)
    .refine((days) => days === 0 || days > 2, "must be 0, or at least 3")
    .default(400),
  REJECTS_DAYS: settings.number(0, 36_500).default(90),
  DEMO_DATA: settings.flag.default(false),
});

export type Config = z.infer<typeof schema>;

/** The settings of this app out of the environment; throws one error that names every bad variable. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  return readEnv(schema, env, hostRules);
}
