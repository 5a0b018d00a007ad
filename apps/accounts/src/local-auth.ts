import { randomUUID } from "node:crypto";
import { type Account, type Auth, siteAt } from "@quintet/auth";
import {
  type CheckedToken,
  cacheAccounts,
  cachePasswordChecks,
  changedAccounts,
  drainEntries,
  type Feed,
  feedCredentials,
  issuerOf,
  readFeed,
  subscribeToRevocations,
} from "@quintet/auth/issuer";
import { findById, hashOfEachKind } from "./accounts/account-queries.ts";
import { learnEmails } from "./accounts/email-queries.ts";
import { type ListedAccount, listAccounts, listedAccount, usernamesOf } from "./accounts/staff-queries.ts";
import { type AuditFilter, addEntry, readEvents } from "./audit/audit-queries.ts";
import type { Clients } from "./clients/clients.ts";
import type { Codes } from "./oauth/authorization-codes.ts";
import type { Grants } from "./oauth/grants.ts";
import type { SendResetLink } from "./password-resets/forgotten-passwords.ts";
import type { ResetLinks } from "./password-resets/reset-links.ts";
import type { Admission } from "./registration/admission.ts";
import type { Invitations } from "./registration/invitations.ts";
import type { NewAccounts } from "./registration/new-accounts.ts";
import { createServices, type ServiceOptions } from "./services.ts";
import type { AccountChanges } from "./sessions/account-changes.ts";
import type { BrowserSessions } from "./sessions/browser-sessions.ts";
import { toAccount } from "./sessions/sign-in.ts";
import type { Sweeper } from "./sweep/sweeper.ts";
import type { RefreshTokens } from "./tokens/refresh-tokens.ts";

/** The issuer's own `Auth`, and what else its routes and pages need. */
export interface LocalAuth extends Omit<Auth, "passwordGrant">, Grants, NewAccounts {
  admission: Admission;
  invitations: Invitations;
  clients: Clients;
  codes: Codes;
  browserSessions: BrowserSessions;
  /** The wall clock by which tokens are issued, in ms. */
  now(): number;
  /** All claims of a valid access token; `undefined` for any other text. */
  readToken(token: string): Promise<CheckedToken | undefined>;
  /** What a refresh token that could be used now stands for, without using it. */
  findRefreshToken: RefreshTokens["find"];
  /** Ends an access token, or the session that a refresh token belongs to. */
  revoke(token: string): Promise<void>;
  /** Password reset links. */
  resetLinks: ResetLinks;
  /** Mails a password reset link; missing where no mail is sent. */
  sendResetLink: SendResetLink | undefined;
  /** Changes of an existing account. */
  changes: AccountChanges;
  /** What staff may see of accounts. */
  staff: {
    list(page: { text: string | undefined; afterId: number; limit: number }): Promise<ListedAccount[]>;
    one(id: number): Promise<ListedAccount | undefined>;
    usernames(ids: number[]): Promise<Map<number, string>>;
  };
  /** The events of the audit log before an id, the newest first. */
  audit(page: { filter: AuditFilter; beforeId: number; limit: number }): ReturnType<typeof readEvents>;
  /** Deletes expired rows. */
  sweeper: Sweeper;
  /** Updates `auth_email` with the emails that another program has changed; reads every account. */
  learnEmails(): Promise<void>;
  /** Measures the kinds of hashes in the table, for `failure-delay.ts`; reads every account. */
  learnHashes(): Promise<void>;
  /** Reads what has been revoked, then publishes and receives revocations and audit entries; needed with other processes. */
  startStreams(): Promise<void>;
  /** The feed of revocations, for a process of this installation; `undefined` when the credentials are not those. */
  revocationFeed(credentials: string | undefined, since: Parameters<typeof readFeed>[2]): Feed | undefined;
  /** The active account with this id, for a process of this installation; `undefined` when the credentials are not those. */
  accountFor(credentials: string | undefined, id: number): Promise<{ account: Account | null } | undefined>;
  /** Publishes all revocations once more, at once. */
  publishAllRevocations(): Promise<void>;
  /** Resolves when the database responds. */
  ping(): Promise<unknown>;
}

/** The accounts in MySQL, with the private key. Opens no connection before it is used; disposing of it closes all of them. */
export function createLocalAuth(options: ServiceOptions): LocalAuth {
  const { issuer, log, redis } = options;
  const services = createServices(options);
  const { opened, pool, revoked, revocations, hashes, refreshTokens, readToken } = services;
  const feed = { process: randomUUID(), credentials: feedCredentials(options.secret) };
  const verifyPassword: Auth["verifyPassword"] = async (login, password, clientAddress) => {
    const stored = await services.signIn(login, password, clientAddress);
    return stored && toAccount(stored);
  };
  const findActive: Auth["activeAccount"] = async (id) => {
    const stored = await findById(pool, id);
    return stored?.isActive ? toAccount(stored) : undefined;
  };
  return {
    site: siteAt(issuer, services.proxies),
    now: services.now,
    beginAction: services.staffActions.begin,

    // Access tokens and passwords
    readToken,
    access: async (token) => (await readToken(token))?.access,
    cachedAccess: (token) => readToken.known(token)?.access,
    verifyToken: async (token) => (await readToken(token))?.access.account,
    verifyPassword: cachePasswordChecks(verifyPassword, revoked, services.elapsed),
    activeAccount: cacheAccounts(findActive, revoked, services.elapsed),
    changedAccounts: (since) => changedAccounts(revoked, since),
    findRefreshToken: refreshTokens.find,
    async revoke(token) {
      if (!token.includes(".")) return refreshTokens.revoke(token);
      const isOwn = (issuerOf(token) ?? issuer) === issuer;
      const checked = isOwn ? ((await readToken(token)) ?? (await services.readEarlyToken(token))) : undefined;
      if (!checked) return;
      const { identity, expiresAt: tokensEndAt } = checked;
      await revocations.revoke(async () => [{ kind: "token", subject: identity.tokenId, epoch: 0, tokensEndAt }]);
    },

    // Accounts
    ...services.newAccounts,
    async register(input, { clientAddress, request } = {}) {
      // A request that is repeated because its response was lost is no second attempt.
      const created = await services.newAccounts.createdFor(request);
      if (created) return created;
      await services.admission.admit(clientAddress);
      return services.newAccounts.createAccount(input, { by: { accountId: null, clientAddress }, request });
    },
    admission: services.admission,
    invitations: services.invitations,
    resetLinks: services.resetLinks,
    sendResetLink: services.sendResetLink,
    changes: services.changes,
    staff: {
      list: (page) => listAccounts(pool, page),
      one: (id) => listedAccount(pool, id),
      usernames: (ids) => usernamesOf(pool, ids),
    },
    audit: (page) => readEvents(pool, page),

    // OAuth and pages
    ...services.grants,
    clients: services.clients,
    codes: services.codes,
    browserSessions: services.browserSessions,

    // The process
    sweeper: services.sweeper,
    learnEmails: () => learnEmails(services.unhurried, 0),
    learnHashes: async () => hashes.learn(await hashOfEachKind(services.unhurried)),
    async startStreams() {
      if (!redis) return;
      opened.use(revocations);
      await revocations.start();
      opened.use(subscribeToRevocations(redis.connect(), revoked));
      opened.use(drainEntries(redis.connect(), (entry) => addEntry(pool, entry), log));
    },
    revocationFeed: (credentials, since) =>
      feed.credentials.matches(credentials) ? readFeed(revoked, feed.process, since) : undefined,
    accountFor: async (credentials, id) =>
      feed.credentials.matches(credentials) ? { account: (await findActive(id)) ?? null } : undefined,
    publishAllRevocations: revocations.publishAll,
    ping: () => services.health.query("SELECT 1"),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
