import type { Account, ClientAddress } from "@quintet/auth";
import type { MysqlPool } from "@quintet/db";
import type { Logger } from "@quintet/http";
import { findByLogin, replaceHash, type StoredAccount } from "../accounts/account-queries.ts";
import { normalizeUsername } from "../accounts/usernames.ts";
import type { LimitedCheck } from "../limits/login-limits.ts";
import type { PasswordHashes } from "../passwords/password-hash.ts";
import type { RecordFailure } from "./failed-sign-ins.ts";

/** The account whose username or email and password these are, if it may sign in; too many wrong ones are a 429. */
export type SignIn = (
  login: string,
  password: string,
  clientAddress: ClientAddress | undefined,
) => Promise<StoredAccount | undefined>;

/**
 * Checks passwords within the limits, replaces a good one's hash when that is not the one that is made today, and tells
 * `refused` of wrong ones.
 */
export function createSignIn(options: {
  pool: MysqlPool;
  hashes: PasswordHashes;
  limited: LimitedCheck;
  refused: RecordFailure;
  addressOf: (clientAddress: ClientAddress | undefined) => string | undefined;
  log: Logger;
}): SignIn {
  const { pool, hashes, limited, refused, addressOf, log } = options;
  const rehash = (stored: StoredAccount, password: string) =>
    hashes
      .make(password)
      .then((hash) => replaceHash(pool, stored.id, stored.passwordHash, hash))
      .catch((error: unknown) => log.warn({ err: error }, "a password could not be hashed anew"));
  const check = async (login: string, password: string, clientAddress: ClientAddress | undefined) => {
    const refusal = hashes.refusal();
    const [stored] = await findByLogin(pool, normalizeUsername(login));
    const usable = stored?.isActive ? stored.passwordHash : undefined;
    if (!(await hashes.matches(usable, password)) || !stored) {
      refused(stored?.id ?? null, clientAddress);
      await refusal;
      return undefined;
    }
    if (hashes.isOld(stored.passwordHash)) await rehash(stored, password);
    return stored;
  };
  return (login, password, clientAddress) =>
    limited(login, addressOf(clientAddress), () => check(login, password, clientAddress));
}

/** What everybody may know of an account. */
export function toAccount({ id, username, email, isStaff, createdAt }: StoredAccount): Account {
  return { id, username, email, isStaff, createdAt };
}
