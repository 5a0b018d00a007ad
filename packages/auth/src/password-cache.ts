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

/**
 * Caches correct passwords for 60 s, under a digest with a random key of this process, and shares one check among concurrent equal
 * ones. Wrong passwords are not cached. A result from before the account's last epoch is dropped, and a process that cannot know
 * what was revoked throws a 503. `elapsed` is a monotonic clock in ms.
 */
export function cachePasswordChecks(check: PasswordCheck, revoked: RevokedTable, elapsed: () => number): PasswordCheck {
  // A key of fixed length before the text is as good as an HMAC while no digest leaves this process, at a tenth of its cost.
  const key = randomBytes(32).toString("hex");
  const good = new LRUCache<string, { account: Account; until: number; version: number }>({ max: maxCached });
  const running = new Map<string, Promise<Account | undefined>>();
  return async (login, password, clientAddress) => {
    const waiting = revoked.ensureCurrent();
    if (waiting) await waiting;
    // The length distinguishes ("a", "bc") from ("ab", "c").
    const digest = hash("sha256", `${key}${login.length}:${login}${password}`, "base64");
    const found = good.get(digest);
    if (found) {
      if (elapsed() < found.until && revoked.changedAt(found.account.id) <= found.version) return found.account;
      good.delete(digest);
    }
    let checking = running.get(digest);
    if (!checking) {
      const run = async () => {
        const version = revoked.version();
        const account = await revoked.whileCurrent(check(login, password, clientAddress));
        // Right after a change the result may come from a process that does not know of it yet.
        if (account && !revoked.changedRecently(account.id))
          good.set(digest, { account, until: elapsed() + cacheMs, version });
        return account;
      };
      checking = run().finally(() => running.delete(digest));
      running.set(digest, checking);
    }
    return checking;
  };
}
