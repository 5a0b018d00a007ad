import { connectRedis, type Redis } from "@quintet/db";
import type { Logger } from "@quintet/http";

/**
 * Connects to the Redis keys of the accounts, which all processes share. With `silenceMs` the connection is closed when no response
 * comes for so long.
 */
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
    onError: (error) => log.warn({ err: error }, "Redis connection of the accounts failed"),
  });
}
