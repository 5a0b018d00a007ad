import { randomBytes, randomInt } from "node:crypto";
import type { Account, Auth } from "@quintet/auth";
import { type KeyedRequest, openText, Problem, sealText } from "@quintet/http";
import { LRUCache } from "lru-cache";
import type { AccessKeyCommands } from "../../commands/access-key-commands.ts";

/** The max number of access keys of an account. */
export const maxAccessKeys = 20;

/** How long a process may still accept a key after it was deleted elsewhere, in ms. */
const cacheMs = 1000;
const maxCached = 10_000;
/** How exact `lastUsedAt` is. */
const usedEveryMs = 60_000;

/** An access key, by which requests to the SQS protocol are signed. Times are ISO 8601. */
export interface AccessKey {
  accessKeyId: string;
  createdAt: string;
  /** Exact to the minute; null when it was never used. */
  lastUsedAt: string | null;
}

/** A key that signs, with the account that it acts for. */
export interface SigningKey {
  secret: string;
  account: Account;
}

/** The access keys of all accounts. Their secrets are stored encrypted, because a signature can only be verified with them. */
export interface AccessKeys {
  /**
   * Creates a key, once for a keyed request; its secret is returned here only. Throws a 409 when the account has `maxAccessKeys`, or the
   * key of the request was deleted.
   */
  create(
    accountId: number,
    request?: KeyedRequest,
  ): Promise<{ accessKeyId: string; secretAccessKey: string; createdAt: string }>;
  /** The keys of an account, the oldest first. */
  list(accountId: number): Promise<AccessKey[]>;
  /** Deletes a key of an account; returns whether it had it. Within 2 s no process accepts it. */
  remove(accountId: number, accessKeyId: string): Promise<boolean>;
  /** The secret of a key and its account; `undefined` for an unknown key, or one of an account that was deactivated. */
  find(accessKeyId: string): Promise<SigningKey | undefined>;
}

export function createAccessKeys(
  commands: AccessKeyCommands,
  auth: Pick<Auth, "activeAccount">,
  sealKey: Buffer,
): AccessKeys {
  const known = new LRUCache<string, { accountId: number; secret: string }>({ max: maxCached, ttl: cacheMs });
  const usedAt = new LRUCache<string, true>({ max: maxCached, ttl: usedEveryMs });

  const read = async (accessKeyId: string) => {
    const stored = await commands.find(accessKeyId);
    const secret = stored && openText(sealKey, stored.sealedSecret, accessKeyId);
    if (stored === undefined || secret === undefined) return undefined;
    const key = { accountId: stored.accountId, secret };
    known.set(accessKeyId, key);
    return key;
  };

  return {
    async create(accountId, request) {
      const newId = newAccessKeyId();
      const sealedSecret = sealText(sealKey, randomBytes(30).toString("base64url"), newId);
      const key = { accountId, sealedSecret, createdAt: Date.now() };
      const created = await commands.create(newId, key, maxAccessKeys, request);
      if (created === "full") {
        throw new Problem("conflict", `An account has at most ${maxAccessKeys} access keys: delete one.`);
      }
      const secretAccessKey =
        created === "deleted" ? undefined : openText(sealKey, created.sealedSecret, created.accessKeyId);
      if (created === "deleted" || secretAccessKey === undefined) {
        throw new Problem("conflict", "The access key of this Idempotency-Key does not exist any more.");
      }
      const { accessKeyId, createdAt } = created;
      return { accessKeyId, secretAccessKey, createdAt: new Date(createdAt).toISOString() };
    },
    async list(accountId) {
      const keys = await commands.list(accountId);
      return keys.map(({ accessKeyId, createdAt, usedAt }) => ({
        accessKeyId,
        createdAt: new Date(createdAt).toISOString(),
        lastUsedAt: usedAt === undefined ? null : new Date(usedAt).toISOString(),
      }));
    },
    async remove(accountId, accessKeyId) {
      const removed = await commands.remove(accountId, accessKeyId);
      known.delete(accessKeyId);
      return removed;
    },
    async find(accessKeyId) {
      const key = known.get(accessKeyId) ?? (await read(accessKeyId));
      const account = key && (await auth.activeAccount(key.accountId));
      if (!account) return undefined;
      if (!usedAt.has(accessKeyId)) {
        usedAt.set(accessKeyId, true);
        // Only a figure: no request fails because of it.
        commands.markUsed(accessKeyId, Date.now()).catch(() => {});
      }
      return { secret: key.secret, account };
    },
  };
}

const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** 20 capital letters and digits, as in AWS. */
function newAccessKeyId(): string {
  return `QK${Array.from({ length: 18 }, () => idLetters[randomInt(idLetters.length)]).join("")}`;
}
