import { connectRedis, luaCommands, redisWithDeadline } from "@quintet/db";
import { LRUCache } from "lru-cache";
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
  const takeLocal = localMinutes(perMinute);
  const shared = redisUrl ? sharedMinutes(redisUrl, perMinute, options) : undefined;
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

const keys = 100_000;
const minuteMs = 60_000;

/** What is left of a key's minute, negative when there was nothing, and in how many ms it is over. */
interface Minute {
  left: number;
  ms: number;
}

/** The minutes of this process, by a clock that is never set; of keys that are not asked for any more they are forgotten. */
function localMinutes(perMinute: number): (key: string) => Minute {
  const known = new LRUCache<string, { left: number; endsAt: number }>({ max: keys });
  return (key) => {
    const at = performance.now();
    let minute = known.get(key);
    if (!minute || minute.endsAt <= at) {
      minute = { left: perMinute, endsAt: at + minuteMs };
      known.set(key, minute);
    }
    minute.left = Math.max(-1, minute.left - 1);
    return { left: minute.left, ms: minute.endsAt - at };
  };
}

function sharedMinutes(
  url: string,
  perMinute: number,
  { prefix, onError }: { prefix: string; onError: (error: unknown) => void },
) {
  const redis = connectRedis(url, {
    prefix: `${prefix}gateway:`,
    name: "rate-limits",
    enableAutoPipelining: true,
    onError,
  });
  const withDeadline = redisWithDeadline(redis, { onUnavailable: onError });
  // One whose reply was lost is counted in this process instead: sent again, it might count twice.
  const run = luaCommands(redis, new URL("./", import.meta.url), ["take-1"], () => false);
  // A key that is over its limit is refused without asking Redis again, by a clock that is never set.
  const refusedUntil = new LRUCache<string, number>({ max: keys });
  const take = async (key: string): Promise<Minute> => {
    const ms = (refusedUntil.get(key) ?? 0) - performance.now();
    if (ms > 0) return { left: -1, ms };
    const [count, endsInMs] = (await withDeadline(() => run("take-1", [`rate:${key}`], [minuteMs / 1000]))) as [
      number,
      number,
    ];
    if (count <= perMinute) return { left: perMinute - count, ms: endsInMs };
    refusedUntil.set(key, performance.now() + endsInMs);
    return { left: -1, ms: endsInMs };
  };
  return { redis, take };
}
