import { type Redis, redisWithDeadline } from "@quintet/db";
import { type CachedEntry, decode, encode } from "./cached-entry.ts";

/** The shared part of the cache. An entry that is lost or cannot be stored costs a computation and nothing else. */
export interface CacheStore {
  /** Undefined when there is none or it cannot be read. */
  read(key: string): Promise<CachedEntry | undefined>;
  write(key: string, entry: CachedEntry, ttlMs: number): Promise<void>;
  /**
   * Claims the computation of a response for at most `claimMs`. `claimed`: whether the caller holds the claim; `entry`: what is
   * stored by then.
   */
  claim(key: string, claimMs: number): Promise<{ claimed: boolean; entry: CachedEntry | undefined }>;
  release(key: string): Promise<void>;
}

/** Each command touches one key, waits at most `deadlineMs`, and never rejects. */
export function redisCacheStore(redis: Redis, deadlineMs?: number): CacheStore {
  const withDeadline = redisWithDeadline(redis, { deadlineMs });
  const without = () => undefined;
  const read = (key: string) =>
    withDeadline(() => redis.get(`response:${key}`))
      .then(decode)
      .catch(without);
  return {
    read,
    async write(key, entry, ttlMs) {
      await withDeadline(() => redis.set(`response:${key}`, encode(entry), "PX", ttlMs)).catch(without);
    },
    async claim(key, claimMs) {
      const claim = withDeadline(() => redis.set(`claim:${key}`, "1", "PX", claimMs, "NX")).then(
        (reply) => reply === "OK",
        () => true,
      );
      // One connection keeps the order, so that what another process stored before it released its claim is read.
      const [claimed, entry] = await Promise.all([claim, read(key)]);
      return { claimed, entry };
    },
    async release(key) {
      await withDeadline(() => redis.del(`claim:${key}`)).catch(without);
    },
  };
}
