import { hash, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Account } from "./account.ts";
import type { ClientAddress } from "./client-address.ts";
import type { RevokedTable } from "./revocation/revoked-table.ts";

const rememberMs = 60_000;
const remembered = 10_000;

export type PasswordCheck = (
  login: string,
  password: string,
  clientAddress?: ClientAddress,
) => Promise<Account | undefined>;

/**
 * A password check that remembers good answers for 60 s and shares one check among equal ones that come together. It keeps
 * a digest under a random key of this process, never the password; bad answers are not remembered. What was checked before an
 * account's epoch moved is not good any more, and in a process that cannot know what was revoked none is (503). `elapsed` is in ms.
 */
export function cachePasswordChecks(check: PasswordCheck, revoked: RevokedTable, elapsed: () => number): PasswordCheck {
  // A key of fixed length before the text: as good as an HMAC while no digest leaves this process, at a tenth of its cost.
  const key = randomBytes(32).toString("hex");
  const good = new LRUCache<string, { account: Account; until: number; version: number }>({ max: remembered });
  const running = new Map<string, Promise<Account | undefined>>();
  return async (login, password, clientAddress) => {
    const waiting = revoked.ensureCurrent();
    if (waiting) await waiting;
    // The length keeps ("a", "bc") and ("ab", "c") apart.
    const digest = hash("sha256", `${key}${login.length}:${login}${password}`, "base64");
    const found = good.get(digest);
    if (found) {
      if (elapsed() < found.until && revoked.changedAt(found.account.id) <= found.version) return found.account;
      good.delete(digest);
    }
    let answer = running.get(digest);
    if (!answer) {
      const run = async () => {
        const version = revoked.version();
        const account = await revoked.whileCurrent(check(login, password, clientAddress));
        // Right after a change the answer may come from a process that has not heard of it.
        if (account && !revoked.changedRecently(account.id))
          good.set(digest, { account, until: elapsed() + rememberMs, version });
        return account;
      };
      answer = run().finally(() => running.delete(digest));
      running.set(digest, answer);
    }
    return answer;
  };
}
