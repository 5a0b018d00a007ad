import type { Redis } from "@quintet/db";

/** The shared part of the cache. Every command touches one key. */
export interface CacheStore {
  generation(): Promise<string | null>;
  setGeneration(generation: string): Promise<void>;
  read(key: string): Promise<string | null>;
  write(key: string, text: string, keptMs: number): Promise<void>;
  /** Whether the caller is the one that computes what is claimed; others wait for it, `claimMs` at most. */
  claim(name: string, claimMs: number): Promise<boolean>;
  release(name: string): Promise<void>;
  /** Calls back whenever the connection is lost. */
  onLost(lost: () => void): void;
}

export function redisCacheStore(redis: Redis): CacheStore {
  return {
    generation: () => redis.get("generation"),
    async setGeneration(generation) {
      await redis.set("generation", generation);
    },
    read: (key) => redis.get(`entry:${key}`),
    async write(key, text, keptMs) {
      await redis.set(`entry:${key}`, text, "PX", keptMs);
    },
    async claim(name, claimMs) {
      return (await redis.set(`claim:${name}`, "1", "PX", claimMs, "NX")) === "OK";
    },
    async release(name) {
      await redis.del(`claim:${name}`);
    },
    onLost: (lost) => redis.on("close", lost),
  };
}
