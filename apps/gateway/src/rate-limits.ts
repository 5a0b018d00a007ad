import { connectRedis, redisWithDeadline } from "@quintet/db";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { RateLimit } from "./admission.ts";

/** Where requests are counted: in Redis for all gateways together, in this process while Redis is unavailable or not given. */
export interface RateLimitStore extends RateLimit {
  close(): void;
}

/** A limit per minute and key. Opens a connection to Redis if there is a URL; `onError` hears when it is lost or does not respond. */
export function rateLimits(options: {
  perMinute: number;
  redisUrl?: string | undefined;
  prefix: string;
  onError: (error: unknown) => void;
}): RateLimitStore {
  const { perMinute, redisUrl } = options;
  const settings = { points: perMinute, duration: 60 };
  const local = new RateLimiterMemory(settings);
  const takeLocal = (key: string) => taken(local.consume(key));
  const shared = redisUrl ? sharedLimiter(redisUrl, settings, options) : undefined;
  return {
    limit: perMinute,
    async take(key) {
      const { left, ms } = await (shared ? shared.take(key).catch(() => takeLocal(key)) : takeLocal(key));
      return { left, resetSeconds: Math.max(1, Math.ceil(ms / 1000)) };
    },
    close() {
      shared?.redis.disconnect();
    },
  };
}

function sharedLimiter(
  url: string,
  settings: { points: number; duration: number },
  { prefix, onError }: { prefix: string; onError: (error: unknown) => void },
) {
  const redis = connectRedis(url, {
    prefix: `${prefix}gateway:`,
    name: "rate-limits",
    enableAutoPipelining: true,
    onError,
  });
  const withDeadline = redisWithDeadline(redis, { onUnavailable: onError });
  const limiter = new RateLimiterRedis({
    ...settings,
    storeClient: redis,
    keyPrefix: "rate",
    // A key that is over its limit is refused without asking Redis again.
    inMemoryBlockOnConsumed: settings.points + 1,
  });
  return { redis, take: (key: string) => withDeadline(() => taken(limiter.consume(key))) };
}

/** What a limiter says of a key; -1 left when it refuses. */
async function taken(consuming: Promise<RateLimiterRes>): Promise<{ left: number; ms: number }> {
  try {
    const { remainingPoints, msBeforeNext } = await consuming;
    return { left: remainingPoints, ms: msBeforeNext };
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return { left: -1, ms: refused.msBeforeNext };
    throw refused;
  }
}
