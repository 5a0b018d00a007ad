import type { Redis } from "@quintet/db";
import type { KeyedRequest } from "@quintet/http";
import { accessKeyCreatedKey, accessKeysKey, accessKeysOf, accessKeysUsedKey } from "../keys.ts";
import { recordTtlMs, setOutcome } from "./keyed-requests.ts";
import type { RunCommand } from "./load.ts";

/** An access key as it is stored. Times are ms since 1970. */
interface StoredAccessKey {
  accountId: number;
  sealedSecret: string;
  createdAt: number;
}

const idLength = 20;

/** The access keys in Redis: all of them under one hash tag, since there are few and a deletion concerns three keys. */
export function accessKeyCommands(redis: Redis, run: RunCommand) {
  return {
    /**
     * Stores a new key, once for a keyed request. Returns the key of the request, "deleted" when it was created before and deleted since,
     * or "full" when the account has `max` keys.
     */
    async create(
      accessKeyId: string,
      key: StoredAccessKey,
      max: number,
      request: KeyedRequest | undefined,
    ): Promise<(StoredAccessKey & { accessKeyId: string }) | "full" | "deleted"> {
      const keys = [accessKeysKey, accessKeysOf(key.accountId), accessKeyCreatedKey(request?.key ?? "")];
      const args = [accessKeyId, JSON.stringify(key), key.createdAt, max, request ? recordTtlMs : ""];
      const reply = await run("create-access-key-3", keys, [...args, request?.fingerprint ?? ""]);
      if (reply === 0) return "full";
      const [record, stored] = reply as [string, string];
      const createdId = record.slice(0, idLength);
      if (request) setOutcome(request, record.slice(idLength), createdId === accessKeyId);
      return stored === "" ? "deleted" : { ...(JSON.parse(stored) as StoredAccessKey), accessKeyId: createdId };
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
