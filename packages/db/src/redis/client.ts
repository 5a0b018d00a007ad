import { Redis, type RedisOptions } from "ioredis";
import { addRedisMetrics } from "../observability/store-metrics.ts";
import { storeAddress } from "../observability/store-span.ts";
import { sendOnce } from "./send-once.ts";
import { defaultSilenceMs, limitSilence } from "./silence-limit.ts";
import { traceRedis } from "./trace-redis.ts";

export type { Redis };

/**
 * A Redis client whose keys all start with `prefix`. Commands are rejected when Redis is silent for `silenceMs`
 * (default 1 s), and then fail at once until it responds (silence-limit.ts). A command is sent at most once, and
 * rejected with `OutcomeUnknown` if its reply is lost. `onError` is called for lost connections; reconnecting is
 * automatic. With a `name` it has metrics.
 */
export function connectRedis(
  url: string,
  options: { prefix: string; name?: string; silenceMs?: number; onError: (error: Error) => void } & Pick<
    RedisOptions,
    "autoPipeliningIgnoredCommands" | "enableAutoPipelining" | "lazyConnect"
  >,
): Redis {
  const { prefix, name, onError, silenceMs = defaultSilenceMs, ...rest } = options;
  const redis = new Redis(url, {
    keyPrefix: prefix,
    connectTimeout: 2000,
    maxRetriesPerRequest: 1,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(attempt * 50, 250),
    ...rest,
  });
  sendOnce(redis).on("error", onError);
  limitSilence(redis, silenceMs);
  if (name !== undefined) addRedisMetrics(redis, name);
  return traceRedis(redis, storeAddress(url, 6379));
}

/** A connection for health checks, which never wait for other commands. Connects when it is first used. */
export function healthRedis(url: string): Redis {
  return connectRedis(url, { prefix: "", lazyConnect: true, onError: () => {} });
}

/** A second connection, for blocking commands and subscriptions. The caller closes it. */
export function blockingRedis(redis: Redis): Redis {
  const copy = sendOnce(redis.duplicate({ enableAutoPipelining: false }));
  limitSilence(copy, defaultSilenceMs);
  for (const listener of redis.listeners("error")) copy.on("error", listener as (error: Error) => void);
  return copy;
}
