import type { Account, ClientAddress } from "@quintet/auth";
import type { MysqlPool } from "@quintet/db";
import type { Logger } from "@quintet/http";
import { findByLogin, replaceHash, type StoredAccount } from "../accounts/account-queries.ts";
import { normalizeUsername } from "../accounts/usernames.ts";
import type { LimitedCheck } from "../limits/login-limits.ts";
import type { PasswordHashes } from "../passwords/password-hash.ts";
import type { RecordFailure } from "./failed-sign-ins.ts";

/** The active account with this username or email and password; throws a 429 after too many wrong ones. */
export type SignIn = (
  login: string,
  password: string,
  clientAddress: ClientAddress | undefined,
) => Promise<StoredAccount | undefined>;

/**
 * Checks passwords within the limits, upgrades the hash of a correct one when it is outdated, and records wrong ones with
 * `recordFailure`.
 */
export function createSignIn(options: {
  pool: MysqlPool;
  hashes: PasswordHashes;
  limited: LimitedCheck;
  recordFailure: RecordFailure;
  addressOf: (clientAddress: ClientAddress | undefined) => string | undefined;
  log: Logger;
}): SignIn {
  const { pool, hashes, limited, recordFailure, addressOf, log } = options;
  const rehash = (stored: StoredAccount, password: string) =>
    hashes
      .make(password)
      .then((hash) => replaceHash(pool, stored.id, stored.passwordHash, hash))
      .catch((error: unknown) => log.warn({ err: error }, "Password hash could not be upgraded"));
  const check = async (login: string, password: string, clientAddress: ClientAddress | undefined) => {
    const delay = hashes.failureDelay();
    const [stored] = await findByLogin(pool, normalizeUsername(login));
    const usable = stored?.isActive ? stored.passwordHash : undefined;
    if (!(await hashes.matches(usable, password)) || !stored) {
      recordFailure(stored?.id ?? null, clientAddress);
      await delay;
      return undefined;
    }
    if (hashes.isOutdated(stored.passwordHash)) await rehash(stored, password);
    return stored;
  };
  return (login, password, clientAddress) =>
    limited(login, addressOf(clientAddress), () => check(login, password, clientAddress));
}

/** The public fields of an account. */
export function toAccount({ id, username, email, isStaff, createdAt }: StoredAccount): Account {
  return { id, username, email, isStaff, createdAt };
}
