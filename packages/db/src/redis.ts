import { Redis, type RedisOptions } from "ioredis";
import { observeRedis } from "./observing/observed-redis.ts";
import { watchRedis } from "./observing/store-metrics.ts";
import { storeAddress } from "./observing/store-span.ts";
import { sentOnce } from "./sent-once.ts";

export type { Redis };

/**
 * A Redis client whose keys all begin with `prefix`. A command fails at once when Redis stays away for one reconnect, and
 * after 5 s without an answer; it is sent once at most, and rejected with `OutcomeUnknown` when its answer is lost. `onError` hears of lost connections, which are made again by themselves. With a `name` metrics tell of it.
 */
export function connectRedis(
  url: string,
  options: { prefix: string; name?: string; onError: (error: Error) => void } & Pick<
    RedisOptions,
    "enableAutoPipelining" | "lazyConnect"
  >,
): Redis {
  const { prefix, name, onError, ...rest } = options;
  const redis = new Redis(url, {
    keyPrefix: prefix,
    connectTimeout: 5000,
    commandTimeout: 5000,
    maxRetriesPerRequest: 1,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(attempt * 50, 1000),
    ...rest,
  });
  sentOnce(redis).on("error", onError);
  if (name !== undefined) watchRedis(redis, name);
  return observeRedis(redis, storeAddress(url, 6379));
}

/**
 * A second connection for commands that block, which may wait as long as they say.
 * The caller closes it.
 */
export function blockingRedis(redis: Redis): Redis {
  const options: Partial<RedisOptions> = { enableAutoPipelining: false };
  const copy = sentOnce(redis.duplicate(options));
  delete copy.options.commandTimeout;
  for (const listener of redis.listeners("error")) copy.on("error", listener as (error: Error) => void);
  return copy;
}
