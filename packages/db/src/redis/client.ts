import { Redis, type RedisOptions } from "ioredis";
import { addRedisMetrics } from "../observability/store-metrics.ts";
import { storeAddress } from "../observability/store-span.ts";
import { sendOnce } from "./send-once.ts";
import { defaultSilenceMs, limitSilence } from "./silence-limit.ts";
import { traceRedis } from "./trace-redis.ts";

export type { Redis };

/**
 * A Redis client whose keys all begin with `prefix`. Commands are rejected when Redis was silent for `silenceMs` (1 s unless set), and
 * then fail at once until it responds again (`redis-silence.ts`). One is sent once at most, and rejected with `OutcomeUnknown` when
 * its reply is lost. `onError` is called for lost connections, which are made again by themselves. With a `name` metrics report on it.
 */
export function connectRedis(
  url: string,
  options: { prefix: string; name?: string; silenceMs?: number; onError: (error: Error) => void } & Pick<
    RedisOptions,
    "enableAutoPipelining" | "lazyConnect"
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

/** A connection for checks of health alone: whatever the others wait for, it is free to ask. Connects when it is first used. */
export function healthRedis(url: string): Redis {
  return connectRedis(url, { prefix: "", lazyConnect: true, onError: () => {} });
}

/**
 * A second connection, for commands that block as long as they say and for subscriptions.
 * The caller closes it.
 */
export function blockingRedis(redis: Redis): Redis {
  const copy = sendOnce(redis.duplicate({ enableAutoPipelining: false }));
  limitSilence(copy, defaultSilenceMs);
  for (const listener of redis.listeners("error")) copy.on("error", listener as (error: Error) => void);
  return copy;
}
