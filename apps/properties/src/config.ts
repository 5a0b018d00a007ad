import type { ConfigOf } from "@quintet/host";
import { ConfigError, settings } from "@quintet/http";
import { z } from "zod";
import { attributionText, tilesUrl } from "./map-tiles.ts";
import type { NotifyQueue } from "./saved-searches/queue-client.ts";

export const propertiesSettings = {
  MAP_ATTRIBUTION: attributionText.optional(),
  MAP_TILES_URL: tilesUrl.optional(),
  PUBLIC_LISTINGS: settings.flag.default(false),
  SQL_MYSQL_URL: settings.mysqlUrl.optional(),
  SAVED_SEARCHES_MAX: settings.number(0, 10_000).default(50),
  NOTIFY_QUEUE: z
    .string()
    .regex(/^[\w-]{1,80}$/, "must be the name of a queue: 1 to 80 letters, digits, - or _")
    .optional(),
  NOTIFY_QUEUE_URL: settings
    .url("http", "https")
    .transform((text) => text.replace(/\/+$/, ""))
    .optional(),
  NOTIFY_USERNAME: z
    .string()
    .regex(/^[^\s:]{2,254}$/, "must be the name or the email of an account")
    .optional(),
  NOTIFY_PASSWORD: z.string().min(8, "must have 8 characters or more").optional(),
  NOTIFY_SECONDS: settings.number(0, 86_400).default(60),
};

export type Config = ConfigOf<"mysql", typeof propertiesSettings>;

/** The queue that is notified of results of saved searches; undefined when none is named. Throws `ConfigError` when settings are missing. */
export function notifyQueue(config: Config): NotifyQueue | undefined {
  const { NOTIFY_QUEUE: queue, NOTIFY_USERNAME: username, NOTIFY_PASSWORD: password } = config;
  if (queue === undefined) return undefined;
  if (username === undefined || password === undefined) {
    throw new ConfigError(["NOTIFY_QUEUE needs NOTIFY_USERNAME and NOTIFY_PASSWORD"]);
  }
  // With an issuer elsewhere that is the gateway; otherwise this may be it.
  const url = config.NOTIFY_QUEUE_URL ?? config.AUTH_URL ?? config.PUBLIC_URL;
  return { url, queue, username, password };
}
