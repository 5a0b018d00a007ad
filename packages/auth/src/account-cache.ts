import { hash, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Account } from "./account.ts";
import type { ClientAddress } from "./client-address.ts";
import type { RevokedTable } from "./revocation/revoked-table.ts";

const cacheMs = 60_000;
const maxCached = 10_000;

export type PasswordCheck = (
  login: string,
  password: string,
  clientAddress?: ClientAddress,
) => Promise<Account | undefined>;

export type FindAccount = (id: number) => Promise<Account | undefined>;

/**
 * Caches active accounts for 60 s, and shares one lookup among concurrent ones of the same key. That there is none is not cached. A result
 * from before the account's last epoch is dropped, and a process that cannot know what was revoked throws a 503.
 */
function accountCache(revoked: RevokedTable, elapsed: () => number) {
  const found = new LRUCache<string, { account: Account; until: number; version: number }>({ max: maxCached });
  const running = new Map<string, Promise<Account | undefined>>();
  return async (key: string, find: () => Promise<Account | undefined>): Promise<Account | undefined> => {
    const waiting = revoked.ensureCurrent();
    if (waiting) await waiting;
    const cached = found.get(key);
    if (cached) {
      if (elapsed() < cached.until && revoked.changedAt(cached.account.id) <= cached.version) return cached.account;
      found.delete(key);
    }
    let finding = running.get(key);
    if (!finding) {
      const run = async () => {
        const version = revoked.version();
        const account = await revoked.whileCurrent(find());
        // Right after a change the result may come from a process that does not know of it yet.
        if (account && !revoked.changedRecently(account.id))
          found.set(key, { account, until: elapsed() + cacheMs, version });
        return account;
      };
      finding = run().finally(() => running.delete(key));
      running.set(key, finding);
    }
    return finding;
  };
}

/**
 * Caches correct passwords as `accountCache` does, under a digest with a random key of this process. Wrong passwords are not cached.
 * `elapsed` is a monotonic clock in ms.
 */
export function cachePasswordChecks(check: PasswordCheck, revoked: RevokedTable, elapsed: () => number): PasswordCheck {
  // A key of fixed length before the text is as good as an HMAC while no digest leaves this process, at a tenth of its cost.
  const key = randomBytes(32).toString("hex");
  const cached = accountCache(revoked, elapsed);
  return (login, password, clientAddress) => {
    // The length distinguishes ("a", "bc") from ("ab", "c").
    const digest = hash("sha256", `${key}${login.length}:${login}${password}`, "base64");
    return cached(digest, () => check(login, password, clientAddress));
  };
}

/** Caches lookups of accounts by their ids as `accountCache` does. */
export function cacheAccounts(find: FindAccount, revoked: RevokedTable, elapsed: () => number): FindAccount {
  const cached = accountCache(revoked, elapsed);
  return (id) => cached(String(id), () => find(id));
}
