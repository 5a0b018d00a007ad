import { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { RateLimit } from "./admission.ts";

/** Where requests are counted: in Redis for all gateways together, in this process when Redis is away or not given. */
export interface RateLimitStore extends RateLimit {
  close(): void;
}

/** A limit per minute and key. Opens a connection to Redis if there is a URL; `onError` hears when it is lost. */
export function rateLimits(options: {
  perMinute: number;
  redisUrl?: string | undefined;
  prefix: string;
  onError: (error: Error) => void;
}): RateLimitStore {
  const { perMinute, redisUrl, prefix, onError } = options;
  const settings = { points: perMinute, duration: 60 };
  const redis = redisUrl
    ? new Redis(redisUrl, { enableAutoPipelining: true, maxRetriesPerRequest: 0, commandTimeout: 500 })
    : undefined;
  redis?.on("error", onError);
  const local = new RateLimiterMemory(settings);
  const limiter = redis
    ? new RateLimiterRedis({
        ...settings,
        storeClient: redis,
        keyPrefix: `${prefix}gateway:rate`,
        insuranceLimiter: local,
        // A key that is over its limit is refused without asking Redis again.
        inMemoryBlockOnConsumed: perMinute + 1,
      })
    : local;
  return {
    limit: perMinute,
    async take(key) {
      const result = await limiter.consume(key).then(
        (taken) => ({ left: taken.remainingPoints, ms: taken.msBeforeNext }),
        (refused: unknown) => {
          if (refused instanceof RateLimiterRes) return { left: -1, ms: refused.msBeforeNext };
          throw refused;
        },
      );
      return { left: result.left, resetSeconds: Math.max(1, Math.ceil(result.ms / 1000)) };
    },
    close() {
      redis?.disconnect();
    },
  };
}
