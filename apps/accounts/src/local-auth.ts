import { randomUUID } from "node:crypto";
import { type Auth, siteAt } from "@quintet/auth";
import {
  type AuditEntry,
  addressReader,
  type CheckedToken,
  cachePasswordChecks,
  drainEntries,
  type Exchange,
  type Feed,
  feedCredentials,
  issuedAt,
  issuerOf,
  publicClient,
  readFeed,
  revokedTable,
  sendEntry,
  staffActions,
  subscribeToRevocations,
  tokenCheck,
} from "@quintet/auth/issuer";
import { connectMysql, healthMysql, type Redis } from "@quintet/db";
import { deriveKey, type Logger, type TrustedProxies, trustedProxies } from "@quintet/http";
import { createLocalJWKSet } from "jose";
import { type AccountChanges, accountChanges } from "./accounts/account-changes.ts";
import { hashOfEachKind } from "./accounts/account-queries.ts";
import { learnEmails } from "./accounts/email-queries.ts";
import { type ListedAccount, listAccounts, listedAccount, usernamesOf } from "./accounts/staff-queries.ts";
import { auditNotes } from "./audit/audit-notes.ts";
import { type AuditFilter, addEntry, readEvents } from "./audit/audit-queries.ts";
import { apiClients, type Clients } from "./clients/clients.ts";
import { docsClient } from "./clients/docs-client.ts";
import { externalAccounts } from "./external-issuers/external-accounts.ts";
import type { ExternalIssuer } from "./external-issuers/external-issuers-setting.ts";
import { externalTokens } from "./external-issuers/external-tokens.ts";
import { addressLimit } from "./limits/address-limit.ts";
import { budgetsWithFallback, localBudgets, redisBudgets } from "./limits/budgets.ts";
import { loginLimits } from "./limits/login-limits.ts";
import { retryQueue } from "./mail/retry-queue.ts";
import type { SendMail } from "./mail/smtp.ts";
import { authorizationCodes, type Codes } from "./oauth/authorization-codes.ts";
import { type Grants, grants } from "./oauth/grants.ts";
import { forgottenPasswords, type SendResetLink } from "./password-resets/forgotten-passwords.ts";
import { type ResetLinks, resetLinks } from "./password-resets/reset-links.ts";
import { hashesAtOnce, hashQueue } from "./passwords/hash-queue.ts";
import { hashThreads } from "./passwords/hash-threads.ts";
import { passwordHashes } from "./passwords/password-hash.ts";
import {
  type Admission,
  admission,
  defaultRegistrations,
  type RegistrationMode,
  registrationEachMs,
} from "./registration/admission.ts";
import { type Invitations, invitations } from "./registration/invitations.ts";
import { type NewAccounts, newAccounts } from "./registration/new-accounts.ts";
import { revocations } from "./revocation/revocations.ts";
import { type BrowserSessions, browserSessions } from "./sessions/browser-sessions.ts";
import { failedSignIns } from "./sessions/failed-sign-ins.ts";
import { signIn, toAccount } from "./sessions/sign-in.ts";
import { type AuditRetention, expiredAudit } from "./sweep/expired-audit.ts";
import { type Sweeper, sweeper } from "./sweep/sweeper.ts";
import { countedTables, sweptTables } from "./sweep/swept-tables.ts";
import { type RefreshTokens, refreshTokens } from "./tokens/refresh-tokens.ts";
import type { SigningKey } from "./tokens/signing-key.ts";

export interface LocalAuthOptions {
  mysqlUrl: string;
  /** How long a statement may take; 5 s unless told. */
  statementSeconds?: number;
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
  /** Other issuers whose tokens are taken; none unless told. */
  externalIssuers?: ExternalIssuer[] | undefined;
  /** Whether hashes become Argon2id; not while a plain Django reads the table. True unless told. */
  rehash?: boolean;
  /** How long the audit log is kept; for ever unless told. */
  audit?: AuditRetention;
  /** Who may make an account; everybody unless told. */
  registration?: RegistrationMode;
  /** How many times in a row one address may try to; 30 unless told, 0: without limit. */
  registrationsPerAddress?: number;
  /** How many processes are the issuer together; 1 unless told. */
  processes?: number;
  /** How links for forgotten passwords are sent; without it staff hands them over. */
  mail?: SendMail;
  /** Whose X-Forwarded-For is believed; nobody's unless told. */
  proxies?: TrustedProxies;
  /** The time in ms; the tests have their own. */
  now?: () => number;
  /** The ms of a clock that is never set, by which the age of what is remembered is measured; `performance.now()` unless set. */
  elapsed?: () => number;
}

/** The issuer's own `Auth`, with what only the `/auth` app asks of it. */
export interface LocalAuth extends Omit<Auth, "passwordGrant">, Grants, NewAccounts {
  admission: Admission;
  invitations: Invitations;
  clients: Clients;
  codes: Codes;
  browserSessions: BrowserSessions;
  /** The time in ms by which tokens are made. */
  now(): number;
  /** What a good access token says, all of it. */
  readToken(token: string): Promise<CheckedToken | undefined>;
  /** What a refresh token says that could be used now, without using it. */
  findRefreshToken: RefreshTokens["find"];
  /** Ends the sign-in that a refresh token belongs to, or an access token. */
  revoke(token: string): Promise<void>;
  /** Links by which a forgotten password is replaced. */
  resetLinks: ResetLinks;
  /** Sends such a link; missing where no mail is sent. */
  sendResetLink: SendResetLink | undefined;
  /** What an account, or staff, may change. */
  changes: AccountChanges;
  /** What staff may see. */
  staff: {
    list(page: { text: string | undefined; afterId: number; limit: number }): Promise<ListedAccount[]>;
    one(id: number): Promise<ListedAccount | undefined>;
    usernames(ids: number[]): Promise<Map<number, string>>;
  };
  /** The audit log before an id, the newest first. */
  audit(page: { filter: AuditFilter; beforeId: number; limit: number }): ReturnType<typeof readEvents>;
  /** Removes what is over from the tables. */
  sweeper: Sweeper;
  /** Learns which emails another program has changed since the last time; reads every account. */
  learnEmails(): Promise<void>;
  /** Learns how long the kinds of hashes in the table take, for `failure-delay.ts`; reads every account. */
  learnHashes(): Promise<void>;
  /** Reads what is revoked already and goes on to tell and hear of it; needed when there are other processes. */
  startStreams(): Promise<void>;
  /** What is revoked, for a process of this installation that shows so; `undefined` for anybody else. */
  revocationFeed(credentials: string | undefined, since: Parameters<typeof readFeed>[2]): Feed | undefined;
  /** Tells all that is revoked once more, at once. */
  publishAllRevocations(): Promise<void>;
  /** Resolves when the database answers. */
  ping(): Promise<unknown>;
}

/** The accounts in MySQL and the private key. Opens nothing until it is used; disposing of it closes its connections. */
export function createLocalAuth(options: LocalAuthOptions): LocalAuth {
  const { key, otherKeys = [], issuer, log, redis, now = Date.now, elapsed = () => performance.now() } = options;
  const pool = connectMysql(options.mysqlUrl, { name: "auth", statementSeconds: options.statementSeconds });
  const health = healthMysql(options.mysqlUrl);
  // What is revoked is read over a connection that nobody else is busy with, and by nobody who waits.
  const record = connectMysql(options.mysqlUrl, { connections: 1, statementSeconds: 1, patienceMs: 600 });
  // Reads every account, however many there are.
  const unhurried = connectMysql(options.mysqlUrl, { connections: 1, statementSeconds: 0 });
  const opened = new AsyncDisposableStack();
  for (const one of [pool, health, record, unhurried]) opened.defer(() => one.end());
  const proxies = options.proxies ?? trustedProxies("");
  const addresses = addressReader(proxies, deriveKey(options.secret, "auth client address"));
  const addressOf = addresses.read;
  const note = auditNotes(addressOf, now);
  // What MySQL cannot take just now waits in Redis.
  const keep = async (entry: AuditEntry) => {
    const stored = addEntry(pool, entry);
    await (redis ? stored.catch(() => sendEntry(redis.tell, entry)) : stored);
  };
  const actions = opened.use(staffActions({ keep, addressOf, log, now }));
  const { refused, finished } = failedSignIns({ pool, note, addressOf, log, elapsed });
  opened.defer(finished);

  const revoked = revokedTable(now);
  if (!redis) revoked.markCurrent(Number.POSITIVE_INFINITY); // Whatever is revoked is revoked in this process.
  const revoking = revocations({ pool, record, table: revoked, redis: redis?.tell, log, now });
  const feed = { own: randomUUID(), credentials: feedCredentials(options.secret) };
  const keys = createLocalJWKSet({ keys: [key, ...otherKeys].map(({ publicJwk }) => publicJwk) });
  const outside = {
    read: externalTokens({ issuers: options.externalIssuers ?? [], log, now, elapsed }),
    accountOf: externalAccounts({ pool, note, now }),
  };

  const own = localBudgets(elapsed);
  const budgets = redis ? budgetsWithFallback(redisBudgets(redis.tell), own) : own;
  const limited = loginLimits(budgets, deriveKey(options.secret, "auth login limits"));
  const queue = hashQueue({ atOnce: hashesAtOnce(options.processes ?? 1) });
  const hashes = passwordHashes(queue, opened.use(hashThreads()), { rehash: options.rehash ?? true });
  const checkedSignIn = signIn({ pool, hashes, limited, refused, addressOf, log });
  const verify: Auth["verifyPassword"] = async (login, password, clientAddress) => {
    const stored = await checkedSignIn(login, password, clientAddress);
    return stored && toAccount(stored);
  };

  const refresh = refreshTokens(pool, deriveKey(options.secret, "auth refresh tokens"), revoking, now);
  const browsers = browserSessions(pool, refresh, now);
  const secretKey = deriveKey(options.secret, "auth told secrets");
  const links = resetLinks({ pool, hashes, revoking, secretKey, note, issuer, now });
  const forgotten = (send: SendMail) => {
    const key = deriveKey(options.secret, "auth reset limits");
    return forgottenPasswords({
      pool,
      links,
      budgets,
      key,
      addressOf,
      send,
      errands: opened.use(retryQueue({ log })),
      log,
    });
  };
  const mode = options.registration ?? "open";
  const invited = invitations({ pool, secretKey, note, issuer, now });
  const accounts = newAccounts({ pool, hashes, mode, invitations: invited, note, now });
  const limit = addressLimit({
    budgets,
    name: "register",
    key: deriveKey(options.secret, "auth registration limits"),
    budget: { attempts: options.registrationsPerAddress ?? defaultRegistrations, eachMs: registrationEachMs },
    detail: "Too many accounts were asked for from here; try again later.",
  });
  const admitted = admission({ mode, limit, addressOf });
  const codes = authorizationCodes(pool, refresh, revoking, note, now);
  const granting = grants({ pool, key, issuer, signIn: checkedSignIn, refresh, codes, outside, note, now });
  const exchange: Exchange = async (token) => {
    const tokens = await granting.exchangeGrant(token);
    return tokens && { token: tokens.access_token, expiresIn: tokens.expires_in };
  };
  const audit = options.audit?.days ? [expiredAudit(options.audit)] : [];
  const tables = [...sweptTables(now), ...audit];
  const swept = opened.use(sweeper({ mysqlUrl: options.mysqlUrl, tables, counted: countedTables, log }));
  const readToken = tokenCheck({ issuer, keys, revoked, exchange: options.externalIssuers && exchange, now, elapsed });
  /** A token that is not good yet, because the clock that it was made by was ahead. */
  const readEarly = async (token: string) => {
    const madeAt = issuedAt(token);
    if (madeAt <= now()) return undefined;
    return tokenCheck({ issuer, keys, revoked, now: () => madeAt, elapsed })(token);
  };
  return {
    site: siteAt(issuer, proxies),
    readToken,
    access: async (token) => (await readToken(token))?.access,
    verifyToken: async (token) => (await readToken(token))?.access.account,
    verifyPassword: cachePasswordChecks(verify, revoked, elapsed),
    ...granting,
    ...accounts,
    async register(input, { clientAddress, request } = {}) {
      // Who sends a request again, since its response got lost, makes no second attempt.
      const made = await accounts.createdFor(request);
      if (made) return made;
      await admitted.admit(clientAddress);
      return accounts.createAccount(input, { by: { accountId: null, clientAddress }, request });
    },
    admission: admitted,
    invitations: invited,
    clients: apiClients({ pool, revoking, publicClient, ownClient: docsClient(issuer), secretKey, note, now }),
    codes,
    browserSessions: browsers,
    now,
    findRefreshToken: refresh.find,
    async revoke(token) {
      if (!token.includes(".")) return refresh.revoke(token);
      const own = (issuerOf(token) ?? issuer) === issuer;
      const checked = own ? ((await readToken(token)) ?? (await readEarly(token))) : undefined;
      if (!checked) return;
      const { identity, expiresAt: tokensEndAt } = checked;
      await revoking.revoke(async () => [{ kind: "token", subject: identity.tokenId, epoch: 0, tokensEndAt }]);
    },
    resetLinks: links,
    sendResetLink: options.mail && forgotten(options.mail),
    changes: accountChanges({ pool, hashes, revoking, limited, note, now }),
    staff: {
      list: (page) => listAccounts(pool, page),
      one: (id) => listedAccount(pool, id),
      usernames: (ids) => usernamesOf(pool, ids),
    },
    beginAction: actions.begin,
    sweeper: swept,
    audit: (page) => readEvents(pool, page),
    learnEmails: () => learnEmails(unhurried, 0),
    learnHashes: async () => hashes.learn(await hashOfEachKind(unhurried)),
    async startStreams() {
      if (!redis) return;
      opened.use(revoking);
      await revoking.start();
      opened.use(subscribeToRevocations(redis.hear(), revoked));
      opened.use(drainEntries(redis.hear(), (entry) => addEntry(pool, entry), log));
    },
    revocationFeed: (credentials, since) =>
      feed.credentials.matches(credentials) ? readFeed(revoked, feed.own, since) : undefined,
    publishAllRevocations: revoking.publishAll,
    ping: () => health.query("SELECT 1"),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
