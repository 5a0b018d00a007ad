import { connectRedis, luaCommands, redisWithDeadline } from "@quintet/db";
import { LRUCache } from "lru-cache";
import type { RateLimit } from "./admission.ts";

/** A rate limit that counts in Redis for all gateways together, or in this process without Redis or while it is unavailable. */
export interface OpenRateLimit extends RateLimit {
  close(): void;
}

/** Opens a limit per key and minute. Connects to Redis if there is a URL; `onError` is called when the connection is lost or times out. */
export function openRateLimit(options: {
  perMinute: number;
  redisUrl?: string | undefined;
  prefix: string;
  onError: (error: unknown) => void;
}): OpenRateLimit {
  const { perMinute, redisUrl } = options;
  const countHere = localWindows(perMinute);
  const shared = redisUrl ? sharedWindows(redisUrl, perMinute, options) : undefined;
  return {
    limit: perMinute,
    async take(key) {
      const { left, ms } = await (shared ? shared.take(key).catch(() => countHere(key)) : countHere(key));
      return { left, resetSeconds: Math.max(1, Math.ceil(ms / 1000)) };
    },
    close() {
      shared?.redis.disconnect();
    },
  };
}

const maxKeys = 100_000;
const minuteMs = 60_000;

/** A key's current window: the remaining quota, negative when it is exceeded, and its remaining time in ms. */
interface Window {
  left: number;
  ms: number;
}

/** Counts in this process, by a monotonic clock; least recently used keys are dropped. */
function localWindows(perMinute: number): (key: string) => Window {
  const windows = new LRUCache<string, { left: number; endsAt: number }>({ max: maxKeys });
  return (key) => {
    const at = performance.now();
    let current = windows.get(key);
    if (!current || current.endsAt <= at) {
      current = { left: perMinute, endsAt: at + minuteMs };
      windows.set(key, current);
    }
    current.left = Math.max(-1, current.left - 1);
    return { left: current.left, ms: current.endsAt - at };
  };
}

function sharedWindows(
  url: string,
  perMinute: number,
  { prefix, onError }: { prefix: string; onError: (error: unknown) => void },
) {
  const redis = connectRedis(url, {
    prefix: `${prefix}gateway:`,
    name: "rate-limits",
    batchesWrites: true,
    onError,
  });
  const withDeadline = redisWithDeadline(redis, { onUnavailable: onError });
  // When the reply is lost, the request counts in this process instead: a retry might count twice.
  const run = luaCommands(redis, new URL("./", import.meta.url), ["take-1"], () => false);
  // A key over its limit is refused without another call to Redis, by a monotonic clock.
  const refusedUntil = new LRUCache<string, number>({ max: maxKeys });
  const take = async (key: string): Promise<Window> => {
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
