import type { Redis } from "@quintet/db";
import { accessKeysKey, accessKeysOf, accessKeysUsedKey } from "../keys.ts";
import type { RunCommand } from "./load.ts";

/** An access key as it is stored. Times are ms since 1970. */
interface StoredAccessKey {
  accountId: number;
  sealedSecret: string;
  createdAt: number;
}

/** The access keys in Redis: all of them under one hash tag, since there are few and a deletion concerns three keys. */
export function accessKeyCommands(redis: Redis, run: RunCommand) {
  return {
    /** Stores a new key; returns false when the account has `max` keys. */
    async create(accessKeyId: string, key: StoredAccessKey, max: number): Promise<boolean> {
      const keys = [accessKeysKey, accessKeysOf(key.accountId)];
      return (await run("create-access-key-2", keys, [accessKeyId, JSON.stringify(key), key.createdAt, max])) === 1;
    },

    async find(accessKeyId: string): Promise<StoredAccessKey | undefined> {
      const stored = await redis.hget(accessKeysKey, accessKeyId);
      return stored === null ? undefined : (JSON.parse(stored) as StoredAccessKey);
    },

    /** The keys of an account, the oldest first. */
    async list(accountId: number): Promise<{ accessKeyId: string; createdAt: number; usedAt: number | undefined }[]> {
      const listed = await redis.zrange(accessKeysOf(accountId), "0", "-1", "WITHSCORES");
      const ids = listed.filter((_, i) => i % 2 === 0);
      if (ids.length === 0) return [];
      const used = await redis.hmget(accessKeysUsedKey, ...ids);
      return ids.map((accessKeyId, i) => ({
        accessKeyId,
        createdAt: Number(listed[i * 2 + 1]),
        usedAt: used[i] ? Number(used[i]) : undefined,
      }));
    },

    /** Deletes a key of an account; returns whether it had it. */
    async remove(accountId: number, accessKeyId: string): Promise<boolean> {
      const keys = [accessKeysKey, accessKeysOf(accountId), accessKeysUsedKey];
      return (await run("delete-access-key-3", keys, [accessKeyId])) === 1;
    },

    async markUsed(accessKeyId: string, at: number): Promise<void> {
      await redis.hset(accessKeysUsedKey, accessKeyId, String(at));
    },
  };
}

export type AccessKeyCommands = ReturnType<typeof accessKeyCommands>;
