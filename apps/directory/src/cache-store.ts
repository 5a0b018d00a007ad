import { type Redis, redisWithDeadline } from "@quintet/db";
import { type CachedEntry, decode, encode } from "./cached-entry.ts";

/** The shared part of the cache. Whatever it forgets, or refuses, costs a computation and nothing else. */
export interface CacheStore {
  /** Undefined when there is none, or it cannot be had. */
  read(key: string): Promise<CachedEntry | undefined>;
  write(key: string, entry: CachedEntry, keptMs: number): Promise<void>;
  /** Whether the caller is the one that computes what is claimed; others wait for it, `claimMs` at most. */
  claim(key: string, claimMs: number): Promise<boolean>;
  release(key: string): Promise<void>;
}

/** Every command touches one key. None is waited for when Redis stands still; none rejects. */
export function redisCacheStore(redis: Redis): CacheStore {
  const withDeadline = redisWithDeadline(redis);
  const without = () => undefined;
  return {
    read: (key) =>
      withDeadline(() => redis.get(`response:${key}`))
        .then(decode)
        .catch(without),
    async write(key, entry, keptMs) {
      await withDeadline(() => redis.set(`response:${key}`, encode(entry), "PX", keptMs)).catch(without);
    },
    claim: (key, claimMs) =>
      withDeadline(() => redis.set(`claim:${key}`, "1", "PX", claimMs, "NX")).then(
        (reply) => reply === "OK",
        () => true,
      ),
    async release(key) {
      await withDeadline(() => redis.del(`claim:${key}`)).catch(without);
    },
  };
}
