import { connectMysql } from "@quintet/db";
import { deriveKey, type Logger, Problem } from "@quintet/http";
import { createLocalJWKSet } from "jose";
import type { Account, Auth, Registration, TokenSet } from "../account.ts";
import { hashQueue } from "../passwords/hash-queue.ts";
import { passwordHashes } from "../passwords/password-hash.ts";
import { rememberPasswords } from "../passwords/password-memory.ts";
import { accessTokenSeconds, fullScope, signAccessToken } from "../tokens/access-token.ts";
import type { SigningKey } from "../tokens/signing-key.ts";
import { tokenCheck } from "../tokens/token-check.ts";
import { findByLogin, insertAccount, replaceHash, type StoredAccount, setLastLogin } from "./account-queries.ts";
import { learnEmails, learnNewEmails, takenNames } from "./email-queries.ts";
import { refreshTokens } from "./refresh-tokens.ts";
import { checkedRegistration, normalUsername } from "./registration.ts";

export interface LocalAuthOptions {
  mysqlUrl: string;
  key: SigningKey;
  /** The issuer's identifier, the `iss` of every token. */
  issuer: string;
  /** What refresh tokens are keyed by. */
  secret: string;
  log: Logger;
  /** The time in ms; the tests have their own. */
  now?: () => number;
}

/** The issuer's own `Auth`, with what only the `/auth` app asks of it. */
export interface LocalAuth extends Auth {
  /** New tokens for a refresh token (RFC 6749 section 6); `undefined` when it is not good. */
  refreshGrant(refreshToken: string): Promise<TokenSet | undefined>;
  /** Ends the sign-in that a refresh token belongs to. */
  revoke(token: string): Promise<void>;
  /** As `register`, for the account that `ADMIN_USERNAME` names; does nothing when the username is taken. */
  makeFirstStaff(username: string, password: string): Promise<void>;
  /** Learns which emails another program has changed since the last time; reads every account. */
  learnEmails(): Promise<void>;
  /** Resolves when the database answers. */
  ping(): Promise<unknown>;
}

/** The accounts in MySQL and the private key. Opens nothing until it is used; disposing of it closes its connections. */
export function createLocalAuth(options: LocalAuthOptions): LocalAuth {
  const { key, issuer, log, now = Date.now } = options;
  const pool = connectMysql(options.mysqlUrl);
  const hashes = passwordHashes(hashQueue());
  const refresh = refreshTokens(pool, deriveKey(options.secret, "auth refresh tokens"), now);

  const signIn = async (login: string, password: string): Promise<Account | undefined> => {
    const candidates = await findByLogin(pool, normalUsername(login));
    const stored = candidates[0];
    const matches = await hashes.matches(stored?.passwordHash, password);
    if (!stored || !matches || !stored.isActive) return undefined;
    if (hashes.isOld(stored.passwordHash)) {
      await hashes
        .make(password)
        .then((hash) => replaceHash(pool, stored.id, stored.passwordHash, hash))
        .catch((error: unknown) => log.warn({ err: error }, "a password could not be hashed anew"));
    }
    return toAccount(stored);
  };

  const tokenSet = async (account: Account, refreshToken: string): Promise<TokenSet> => ({
    access_token: await signAccessToken(key, issuer, account, now()),
    token_type: "Bearer",
    expires_in: accessTokenSeconds,
    refresh_token: refreshToken,
    scope: fullScope,
  });

  return {
    verifyToken: tokenCheck({ issuer, keys: createLocalJWKSet({ keys: [key.publicJwk] }), now }),
    verifyPassword: rememberPasswords(signIn, now),
    async passwordGrant(login, password) {
      const account = await signIn(login, password);
      if (!account) return undefined;
      await setLastLogin(pool, account.id, new Date(now()));
      const tokens = await tokenSet(account, await refresh.start(account.id));
      await refresh.removeExpired();
      return tokens;
    },
    async refreshGrant(refreshToken) {
      const next = await refresh.rotate(refreshToken);
      return next && tokenSet(toAccount(next.account), next.token);
    },
    revoke: (token) => refresh.revoke(token),
    async register(input: Registration) {
      const { username, email, password } = checkedRegistration(input);
      await learnNewEmails(pool);
      const taken = await takenNames(pool, username, email);
      if (taken.username || taken.email) throw conflict(taken);
      const passwordHash = await hashes.make(password);
      const joinedAt = new Date(now());
      const added = await insertAccount(pool, { username, email, passwordHash, isStaff: false, joinedAt });
      if (typeof added === "string") throw conflict({ username: added === "username", email: added === "email" });
      return { id: added, username, email, isStaff: false, createdAt: joinedAt.toISOString() };
    },
    async makeFirstStaff(username, password) {
      const name = normalUsername(username);
      if ((await takenNames(pool, name, "")).username) return;
      const passwordHash = await hashes.make(password);
      await insertAccount(pool, { username: name, email: "", passwordHash, isStaff: true, joinedAt: new Date(now()) });
    },
    learnEmails: () => learnEmails(pool, 0),
    ping: () => pool.query("SELECT 1"),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

function toAccount({ id, username, email, isStaff, createdAt }: StoredAccount): Account {
  return { id, username, email, isStaff, createdAt };
}

function conflict(taken: { username: boolean; email: boolean }): Problem {
  const names = (["username", "email"] as const).filter((name) => taken[name]);
  const errors = names.map((path) => ({ path, message: "is taken" }));
  return new Problem("conflict", `This ${names.join(" and ")} ${names.length > 1 ? "are" : "is"} taken.`, { errors });
}
