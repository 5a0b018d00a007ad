import { connectMysql, type Redis } from "@quintet/db";
import { deriveKey, type Logger, Problem, type TrustedProxies, trustedProxies } from "@quintet/http";
import { createLocalJWKSet } from "jose";
import type { Account, Auth, Registration, TokenSet } from "../account.ts";
import { addressReader, type Origin } from "../client-address.ts";
import { budgetsWithFallback, localBudgets, redisBudgets } from "../limits/budgets.ts";
import { loginLimits } from "../limits/login-limits.ts";
import { hashQueue } from "../passwords/hash-queue.ts";
import { passwordHashes } from "../passwords/password-hash.ts";
import { rememberPasswords } from "../passwords/password-memory.ts";
import { followNews } from "../revocation/news.ts";
import { revocations } from "../revocation/revocations.ts";
import { revokedTable } from "../revocation/revoked-table.ts";
import { fullScope, grantable, readScopes } from "../scopes.ts";
import { accessTokenSeconds, publicClient, signAccessToken } from "../tokens/access-token.ts";
import type { SigningKey } from "../tokens/signing-key.ts";
import { type CheckedToken, tokenCheck } from "../tokens/token-check.ts";
import { type AccountChanges, accountChanges } from "./account-changes.ts";
import {
  findById,
  findByLogin,
  insertAccount,
  replaceHash,
  type StoredAccount,
  setLastLogin,
} from "./account-queries.ts";
import type { Actor } from "./actor.ts";
import { auditNotes } from "./audit.ts";
import { readEvents } from "./audit-queries.ts";
import { type BrowserSessions, browserSessions } from "./browser-sessions.ts";
import type { ApiClient } from "./client-queries.ts";
import { apiClients, type Clients } from "./clients.ts";
import { authorizationCodes, type Codes } from "./codes.ts";
import { learnEmails, learnNewEmails, takenNames } from "./email-queries.ts";
import { OAuthError } from "./oauth-form.ts";
import { refreshTokens, type Session } from "./refresh-tokens.ts";
import { checkedRegistration, normalUsername } from "./registration.ts";
import { type ListedAccount, listAccounts, listedAccount } from "./staff-queries.ts";

export interface LocalAuthOptions {
  mysqlUrl: string;
  /** The key that signs. */
  key: SigningKey;
  /** Further keys whose tokens are good. */
  otherKeys?: SigningKey[];
  /** The issuer's identifier, the `iss` of every token. */
  issuer: string;
  /** What refresh tokens are keyed by. */
  secret: string;
  log: Logger;
  /** How other processes hear of what is revoked: a connection to tell them, and a way to a second one to hear of it. */
  redis?: { tell: Redis; hear: () => Redis };
  /** Whose X-Forwarded-For is believed; nobody's unless told. */
  proxies?: TrustedProxies;
  /** The time in ms; the tests have their own. */
  now?: () => number;
}

/** The issuer's own `Auth`, with what only the `/auth` app asks of it. */
export interface LocalAuth extends Auth {
  /**
   * New tokens for a refresh token (RFC 6749 section 6), narrowed to `scope` when that is told; `undefined` when it is not
   * good; an `invalid_scope` error when the scope is not part of what was granted.
   */
  refreshGrant(refreshToken: string, scope?: string, clientId?: string): Promise<TokenSet | undefined>;
  /** New tokens for an authorization code (RFC 6749 section 4.1.3); `undefined` when it is not good. */
  codeGrant(
    code: string,
    by: { clientId: string; redirectUri: string; verifier: string },
  ): Promise<TokenSet | undefined>;
  /** A token for a client itself (RFC 6749 section 4.4), which acts as the account that made it, within its scope. */
  clientGrant(client: ApiClient, scope: string): Promise<Omit<TokenSet, "refresh_token"> | undefined>;
  clients: Clients;
  codes: Codes;
  /** Signs a browser in: the token of its cookie; `undefined` when the username or password is wrong. */
  browserSignIn(login: string, password: string, origin: Origin): Promise<string | undefined>;
  browsers: BrowserSessions;
  /** What a good access token says, all of it. */
  readToken(token: string): Promise<CheckedToken | undefined>;
  /** Ends the sign-in that a refresh token belongs to, or an access token. */
  revoke(token: string): Promise<void>;
  /** What an account, or staff, may change. */
  changes: AccountChanges;
  /** What staff may see. */
  staff: {
    list(page: { text: string | undefined; afterId: number; limit: number }): Promise<ListedAccount[]>;
    one(id: number): Promise<ListedAccount | undefined>;
  };
  /** The audit log before an id, the newest first. */
  audit(page: { accountId: number | undefined; beforeId: number; limit: number }): ReturnType<typeof readEvents>;
  register(input: Registration, by?: Actor): Promise<Account>;
  /** As `register`, for the account that `ADMIN_USERNAME` names; does nothing when the username is taken. */
  makeFirstStaff(username: string, password: string): Promise<void>;
  /** Learns which emails another program has changed since the last time; reads every account. */
  learnEmails(): Promise<void>;
  /** Reads what is revoked already and goes on to tell and hear of it; needed when there are other processes. */
  startNews(): Promise<void>;
  /** Tells all that is revoked once more, at once. */
  tellAll(): Promise<void>;
  /** Resolves when the database answers. */
  ping(): Promise<unknown>;
}

/** The accounts in MySQL and the private key. Opens nothing until it is used; disposing of it closes its connections. */
export function createLocalAuth(options: LocalAuthOptions): LocalAuth {
  const { key, otherKeys = [], issuer, log, redis, now = Date.now } = options;
  const pool = connectMysql(options.mysqlUrl);
  const hashes = passwordHashes(hashQueue());
  const revoked = revokedTable(now);
  if (!redis) revoked.heard(Number.POSITIVE_INFINITY); // Whatever is revoked is revoked in this process.
  const revoking = revocations({ pool, table: revoked, redis: redis?.tell, log, now });
  const refresh = refreshTokens(pool, deriveKey(options.secret, "auth refresh tokens"), revoking, now);
  const browsers = browserSessions(pool, refresh, now);
  const codes = authorizationCodes(pool, refresh, revoking, now);
  const own = localBudgets(now);
  const budgets = redis ? budgetsWithFallback(redisBudgets(redis.tell), own) : own;
  const limited = loginLimits(budgets, deriveKey(options.secret, "auth login limits"));
  const addresses = addressReader(
    options.proxies ?? trustedProxies(""),
    deriveKey(options.secret, "auth client address"),
  );
  const note = auditNotes(addresses.read, now);
  const opened = new AsyncDisposableStack();
  opened.defer(() => pool.end());

  const signIn = (login: string, password: string, origin: Origin | undefined) =>
    limited(login, addresses.read(origin), () => checkPassword(login, password));
  const checkPassword = async (login: string, password: string): Promise<StoredAccount | undefined> => {
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
    return stored;
  };

  const tokenSet = async (stored: StoredAccount, session: Session, scope = session.scope): Promise<TokenSet> => {
    const grant = { epoch: stored.epoch, scope, clientId: session.clientId, session: session.id };
    return {
      access_token: await signAccessToken(key, issuer, toAccount(stored), grant, now()),
      token_type: "Bearer",
      expires_in: accessTokenSeconds,
      refresh_token: session.token,
      scope,
    };
  };

  const keys = createLocalJWKSet({ keys: [key, ...otherKeys].map(({ publicJwk }) => publicJwk) });
  const readToken = tokenCheck({ issuer, keys, revoked, now });
  const checkedSignIn = async (login: string, password: string, origin?: Origin) => {
    const stored = await signIn(login, password, origin);
    return stored && toAccount(stored);
  };
  return {
    readToken,
    access: async (token) => (await readToken(token))?.access,
    verifyToken: async (token) => (await readToken(token))?.access.account,
    verifyPassword: rememberPasswords(checkedSignIn, revoked, now),
    async passwordGrant(login, password, { scope = fullScope, origin } = {}) {
      const stored = await signIn(login, password, origin);
      if (!stored) return undefined;
      await setLastLogin(pool, stored.id, new Date(now()));
      const session = await refresh.start(stored, publicClient, scope);
      if (!session) return undefined; // Its password was changed just now.
      await refresh.removeExpired();
      return tokenSet(stored, session);
    },
    async refreshGrant(refreshToken, scope, clientId = publicClient) {
      const next = await refresh.rotate(refreshToken, clientId);
      if (!next) return undefined;
      const { account, session } = next;
      const narrowed = scope === undefined ? session.scope : grantable(scope, readScopes(session.scope));
      if (narrowed === undefined) throw new OAuthError("invalid_scope", "This goes beyond what was granted.");
      return tokenSet(account, session, narrowed);
    },
    async codeGrant(code, by) {
      const begun = await codes.redeem(code, by);
      return begun && tokenSet(begun.account, begun.session);
    },
    async clientGrant({ id, accountId }, scope) {
      const stored = await findById(pool, accountId);
      if (!stored?.isActive) return undefined;
      const grant = { epoch: stored.epoch, scope, clientId: id, session: id };
      return {
        access_token: await signAccessToken(key, issuer, toAccount(stored), grant, now()),
        token_type: "Bearer",
        expires_in: accessTokenSeconds,
        scope,
      };
    },
    clients: apiClients({ pool, revoking, publicClient, note, now }),
    codes,
    browsers,
    async browserSignIn(login, password, origin) {
      const stored = await signIn(login, password, origin);
      if (!stored) return undefined;
      await setLastLogin(pool, stored.id, new Date(now()));
      return browsers.begin(stored);
    },
    async revoke(token) {
      if (!token.includes(".")) return refresh.revoke(token);
      const checked = await readToken(token);
      if (!checked) return;
      await revoking.revoke(async () => [{ kind: "token", subject: checked.identity.tokenId, epoch: 0 }]);
    },
    changes: accountChanges({ pool, hashes, revoking, limited, note, now }),
    staff: { list: (page) => listAccounts(pool, page), one: (id) => listedAccount(pool, id) },
    audit: (page) => readEvents(pool, page),
    async register(input: Registration, by?: Actor) {
      const { username, email, password } = checkedRegistration(input);
      await learnNewEmails(pool);
      const taken = await takenNames(pool, username, email);
      if (taken.username || taken.email) throw conflict(taken);
      const passwordHash = await hashes.make(password);
      const joinedAt = new Date(now());
      const added = await insertAccount(pool, { username, email, passwordHash, isStaff: false, joinedAt });
      if (typeof added === "string") throw conflict({ username: added === "username", email: added === "email" });
      await note(pool, { accountId: added, action: "registered" }, by);
      return { id: added, username, email, isStaff: false, createdAt: joinedAt.toISOString() };
    },
    async makeFirstStaff(username, password) {
      const name = normalUsername(username);
      if ((await takenNames(pool, name, "")).username) return;
      const passwordHash = await hashes.make(password);
      await insertAccount(pool, { username: name, email: "", passwordHash, isStaff: true, joinedAt: new Date(now()) });
    },
    learnEmails: () => learnEmails(pool, 0),
    async startNews() {
      if (!redis) return;
      opened.use(revoking);
      await revoking.beat();
      revoking.start();
      opened.use(followNews(redis.hear(), revoked, now));
    },
    tellAll: () => revoking.beat(true),
    ping: () => pool.query("SELECT 1"),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
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
