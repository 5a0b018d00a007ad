import {
  type AuditEntry,
  createAddressReader,
  createRevokedTable,
  createStaffActions,
  createTokenCheck,
  type Exchange,
  issuedAt,
  publicClient,
  sendEntry,
} from "@quintet/auth/issuer";
import { connectMysql, healthMysql, type Redis } from "@quintet/db";
import { deriveKey, type Logger, type TrustedProxies, trustedProxies } from "@quintet/http";
import { createLocalJWKSet } from "jose";
import { createNote } from "./audit/audit-notes.ts";
import { addEntry } from "./audit/audit-queries.ts";
import { createClients } from "./clients/clients.ts";
import { docsClient } from "./clients/docs-client.ts";
import { createExternalAccounts } from "./external-issuers/external-accounts.ts";
import type { ExternalIssuer } from "./external-issuers/external-issuers-setting.ts";
import { createExternalTokens } from "./external-issuers/external-tokens.ts";
import { createAddressLimit } from "./limits/address-limit.ts";
import { budgetsWithFallback, localBudgets, redisBudgets } from "./limits/budgets.ts";
import { createLoginLimits } from "./limits/login-limits.ts";
import { createRetryQueue } from "./mail/retry-queue.ts";
import type { SendMail } from "./mail/smtp.ts";
import { createAuthorizationCodes } from "./oauth/authorization-codes.ts";
import { createGrants } from "./oauth/grants.ts";
import { createSendResetLink } from "./password-resets/forgotten-passwords.ts";
import { createResetLinks } from "./password-resets/reset-links.ts";
import { createHashQueue, hashesAtOnce } from "./passwords/hash-queue.ts";
import { createHashThreads } from "./passwords/hash-threads.ts";
import { createPasswordHashes } from "./passwords/password-hash.ts";
import {
  createAdmission,
  defaultRegistrations,
  type RegistrationMode,
  registrationEachMs,
} from "./registration/admission.ts";
import { createInvitations } from "./registration/invitations.ts";
import { createNewAccounts } from "./registration/new-accounts.ts";
import { createRevocations } from "./revocation/revocations.ts";
import { createAccountChanges } from "./sessions/account-changes.ts";
import { createBrowserSessions } from "./sessions/browser-sessions.ts";
import { createFailedSignIns } from "./sessions/failed-sign-ins.ts";
import { createReadSeenFrom } from "./sessions/seen-from.ts";
import { createSignIn } from "./sessions/sign-in.ts";
import { type AuditRetention, expiredAudit } from "./sweep/expired-audit.ts";
import { createSweeper } from "./sweep/sweeper.ts";
import { countedTables, sweptTables } from "./sweep/swept-tables.ts";
import { createRefreshTokens } from "./tokens/refresh-tokens.ts";
import type { SigningKey } from "./tokens/signing-key.ts";

export interface ServiceOptions {
  mysqlUrl: string;
  /** The timeout of a statement in seconds; 5 by default. */
  statementSeconds?: number;
  /** The key that signs tokens. */
  key: SigningKey;
  /** Further keys whose tokens are accepted. */
  otherKeys?: SigningKey[];
  /** The issuer's identifier, the `iss` of every token. */
  issuer: string;
  /** `QUINTET_SECRET`; the keys for refresh tokens, limits and links are derived from it. */
  secret: string;
  log: Logger;
  /** The Redis of the issuer's streams and limits, when there are other processes. Opened connections are closed on disposal. */
  redis?: { publisher: Redis; connect: () => Redis };
  /** Other issuers whose tokens are accepted; none by default. */
  externalIssuers?: ExternalIssuer[] | undefined;
  /** Whether password hashes are upgraded to Argon2id, which a plain Django site cannot read; true by default. */
  rehash?: boolean;
  /** How long the audit log is kept; without limit by default. */
  audit?: AuditRetention;
  /** Who may create an account; anyone by default. */
  registration?: RegistrationMode;
  /** How many registrations in a row one address may attempt; 30 by default, 0: without limit. */
  registrationsPerAddress?: number;
  /** How many processes share the cores of this machine; 1 by default. */
  processes?: number;
  /** How password reset links are mailed; without it only staff hands them over. */
  mail?: SendMail;
  /** The proxies whose X-Forwarded-For is trusted; none by default. */
  proxies?: TrustedProxies;
  /** The wall clock in ms; `Date.now` by default. */
  now?: () => number;
  /** A monotonic clock in ms, for the age of cached results; `performance.now` by default. */
  elapsed?: () => number;
}

/** What the issuer consists of, from the stores up. Opens no connection before it is used; `opened` closes all of them. */
export function createServices(options: ServiceOptions) {
  const { mysqlUrl, key, otherKeys = [], issuer, secret, log, redis } = options;
  const { now = Date.now, elapsed = () => performance.now() } = options;
  const opened = new AsyncDisposableStack();

  // Stores
  const pool = connectMysql(mysqlUrl, { name: "auth", statementSeconds: options.statementSeconds });
  const health = healthMysql(mysqlUrl);
  // Revocations are read over a connection of their own with a short timeout, so that no other statement delays them.
  const record = connectMysql(mysqlUrl, { connections: 1, statementSeconds: 1, timeoutMs: 600 });
  // For statements that read every account.
  const unhurried = connectMysql(mysqlUrl, { connections: 1, statementSeconds: 0 });
  for (const one of [pool, health, record, unhurried]) opened.defer(() => one.end());

  // Audit log
  const proxies = options.proxies ?? trustedProxies("");
  const addressOf = createAddressReader(proxies, deriveKey(secret, "auth client address")).read;
  const note = createNote(addressOf, now);
  // An entry that MySQL does not accept waits in Redis.
  const keep = async (entry: AuditEntry) => {
    const stored = addEntry(pool, entry);
    await (redis ? stored.catch(() => sendEntry(redis.publisher, entry)) : stored);
  };
  const staffActions = opened.use(createStaffActions({ keep, addressOf, log, now }));
  const failures = createFailedSignIns({ pool, note, addressOf, log, elapsed });
  opened.defer(failures.finished);

  // Revocation
  const revoked = createRevokedTable(now);
  if (!redis) revoked.markCurrent(Number.POSITIVE_INFINITY); // There is no other process that could revoke anything.
  const revocations = createRevocations({ pool, record, table: revoked, redis: redis?.publisher, log, now });

  // Passwords
  const local = localBudgets(elapsed);
  const budgets = redis ? budgetsWithFallback(redisBudgets(redis.publisher), local) : local;
  const limited = createLoginLimits(budgets, deriveKey(secret, "auth login limits"));
  const queue = createHashQueue({ atOnce: hashesAtOnce(options.processes ?? 1) });
  const hashes = createPasswordHashes(queue, opened.use(createHashThreads()), { rehash: options.rehash ?? true });
  const signIn = createSignIn({ pool, hashes, limited, recordFailure: failures.recordFailure, addressOf, log });

  // Sessions
  const refreshTokens = createRefreshTokens(pool, deriveKey(secret, "auth refresh tokens"), revocations, now);
  const seenFrom = createReadSeenFrom(addressOf);
  const browserSessions = createBrowserSessions({ pool, refresh: refreshTokens, seenFrom, now });
  const changes = createAccountChanges({ pool, hashes, revocations, limited, note, now });

  // Registration
  const secretKey = deriveKey(secret, "auth told secrets");
  const mode = options.registration ?? "open";
  const registrationLimit = createAddressLimit({
    budgets,
    name: "register",
    key: deriveKey(secret, "auth registration limits"),
    budget: { attempts: options.registrationsPerAddress ?? defaultRegistrations, eachMs: registrationEachMs },
    detail: "Too many registrations from this address. Try again later.",
  });
  const admission = createAdmission({ mode, limit: registrationLimit, addressOf });
  const invitations = createInvitations({ pool, secretKey, note, issuer, now });
  const newAccounts = createNewAccounts({ pool, hashes, mode, invitations, note, now });

  // Password resets
  const resetLinks = createResetLinks({ pool, hashes, revocations, secretKey, note, issuer, now });
  const sendResetLink =
    options.mail &&
    createSendResetLink({
      pool,
      links: resetLinks,
      budgets,
      key: deriveKey(secret, "auth reset limits"),
      addressOf,
      send: options.mail,
      queue: opened.use(createRetryQueue({ log })),
      log,
    });

  // OAuth
  const clients = createClients({
    pool,
    revocations,
    publicClient,
    ownClient: docsClient(issuer),
    secretKey,
    note,
    now,
  });
  const codes = createAuthorizationCodes(pool, refreshTokens, revocations, note, now);
  const external = {
    read: createExternalTokens({ issuers: options.externalIssuers ?? [], log, now, elapsed }),
    accountOf: createExternalAccounts({ pool, note, now }),
  };
  const grants = createGrants({
    ...{ pool, key, issuer, signIn, refresh: refreshTokens, codes, external },
    ...{ note, seenFrom, now },
  });

  // The check of access tokens
  const keys = createLocalJWKSet({ keys: [key, ...otherKeys].map(({ publicJwk }) => publicJwk) });
  const exchange: Exchange = async (token) => {
    const tokens = await grants.exchangeGrant(token);
    return tokens && { token: tokens.access_token, expiresIn: tokens.expires_in };
  };
  const checked = { issuer, keys, revoked, elapsed };
  const readToken = createTokenCheck({ ...checked, exchange: options.externalIssuers && exchange, now });
  /** Reads a token that becomes valid later, since it was issued by a clock that was ahead. */
  const readEarlyToken = async (token: string) => {
    const issued = issuedAt(token);
    return issued <= now() ? undefined : createTokenCheck({ ...checked, now: () => issued })(token);
  };

  // Cleaning up
  const tables = [...sweptTables(now), ...(options.audit?.days ? [expiredAudit(options.audit)] : [])];
  const sweeper = opened.use(createSweeper({ mysqlUrl, tables, counted: countedTables, log }));

  return {
    opened,
    now,
    elapsed,
    ...{ pool, health, unhurried, proxies, staffActions, revoked, revocations, hashes, signIn },
    ...{ refreshTokens, browserSessions, changes, admission, invitations, newAccounts, resetLinks, sendResetLink },
    ...{ clients, codes, grants, readToken, readEarlyToken, sweeper },
  };
}
