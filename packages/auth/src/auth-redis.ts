import { connectRedis, type Redis } from "@quintet/db";
import type { Logger } from "@quintet/http";

/** A connection to the keys of the accounts, the same in every process. */
export function connectAuthRedis(
  config: { REDIS_PREFIX: string },
  url: string,
  log: Logger,
  silenceMs?: number,
): Redis {
  return connectRedis(url, {
    prefix: `${config.REDIS_PREFIX}auth:`,
    name: "auth",
    ...(silenceMs === undefined ? {} : { silenceMs }),
    onError: (error) => log.warn({ err: error }, "Redis connection"),
  });
}
