import type { Auth, ClientAddress, TokenSet } from "@quintet/auth";
import { accessTokenSeconds, externalClient, fullScope, publicClient } from "@quintet/auth/issuer";
import { inMysqlTransaction, type MysqlPool } from "@quintet/db";
import { findById, type StoredAccount, setLastLogin } from "../accounts/account-queries.ts";
import type { Note } from "../audit/audit-notes.ts";
import type { ApiClient } from "../clients/client-queries.ts";
import type { ExternalAccounts } from "../external-issuers/external-accounts.ts";
import type { ReadExternalToken } from "../external-issuers/external-tokens.ts";
import { type BrowserSession, browserClient } from "../sessions/browser-sessions.ts";
import type { ReadSeenFrom } from "../sessions/seen-from.ts";
import { type SignIn, toAccount } from "../sessions/sign-in.ts";
import type { RefreshTokens, Session } from "../tokens/refresh-tokens.ts";
import { signAccessToken, type TokenGrant } from "../tokens/sign-access-token.ts";
import type { SigningKey } from "../tokens/signing-key.ts";
import type { Codes } from "./authorization-codes.ts";

/** The grants: every way to get tokens. */
export interface Grants {
  passwordGrant: Auth["passwordGrant"];
  /**
   * New tokens for a refresh token (RFC 6749 section 6), narrowed to `scope` if given; `undefined` when it is invalid. Throws
   * `invalid_scope` for a scope beyond the granted one, which leaves the token as it was.
   */
  refreshGrant(refreshToken: string, scope?: string, clientId?: string): Promise<TokenSet | undefined>;
  /** New tokens for an authorization code (RFC 6749 section 4.1.3); `undefined` when it is invalid. */
  codeGrant(
    code: string,
    by: { clientId: string; redirectUri: string; verifier: string },
  ): Promise<TokenSet | undefined>;
  /** A token for a client itself (RFC 6749 section 4.4), which acts for its owner within its scope. */
  clientGrant(client: ApiClient, scope: string): Promise<Omit<TokenSet, "refresh_token"> | undefined>;
  /** A token in exchange for that of another issuer (RFC 8693), which expires no later; `undefined` when that is invalid. */
  exchangeGrant(subjectToken: string): Promise<Omit<TokenSet, "refresh_token"> | undefined>;
  /** Signs a browser in: the secret for its cookie; `undefined` when the username or password is wrong. */
  browserSignIn(login: string, password: string, clientAddress: ClientAddress | undefined): Promise<string | undefined>;
  /** An access token for a signed-in browser; it ends with the session. */
  browserAccess(session: BrowserSession): Promise<string>;
}

/** Creates the grants, whose tokens `key` signs; `now` is the wall clock in ms. */
export function createGrants(options: {
  pool: MysqlPool;
  key: SigningKey;
  issuer: string;
  signIn: SignIn;
  refresh: RefreshTokens;
  codes: Codes;
  external: { read: ReadExternalToken; accountOf: ExternalAccounts };
  note: Note;
  seenFrom: ReadSeenFrom;
  now: () => number;
}): Grants {
  const { pool, key, issuer, signIn, refresh, codes, external, note, seenFrom, now } = options;
  /** Starts a session and logs it, in one transaction; `undefined` when the account has changed in the meantime. */
  const begin = (account: StoredAccount, clientId: string, scope: string, clientAddress: ClientAddress | undefined) => {
    const { id: accountId } = account;
    return inMysqlTransaction(pool, async (connection) => {
      // First, because changes of an account lock its row first.
      await setLastLogin(connection, accountId, new Date(now()));
      const session = await refresh.startIn(connection, account, clientId, scope, seenFrom(clientAddress));
      if (!session) return undefined;
      await note(connection, { accountId, action: "signed-in", subject: session.id }, { accountId, clientAddress });
      return session;
    });
  };
  const accessToken = (stored: StoredAccount, grant: Omit<TokenGrant, "epoch">) => ({
    access_token: signAccessToken(key, issuer, toAccount(stored), { ...grant, epoch: stored.epoch }, now()),
    token_type: "Bearer" as const,
    expires_in: Math.min(accessTokenSeconds, Math.ceil((grant.endsAt ?? Number.POSITIVE_INFINITY) - now() / 1000)),
    scope: grant.scope,
  });
  const tokenSet = (stored: StoredAccount, session: Session, scope = session.scope): TokenSet => ({
    ...accessToken(stored, { scope, clientId: session.clientId, session: session.id }),
    refresh_token: session.token,
  });
  return {
    async passwordGrant(login, password, { scope = fullScope, clientAddress } = {}) {
      const stored = await signIn(login, password, clientAddress);
      if (!stored) return undefined;
      const session = await begin(stored, publicClient, scope, clientAddress);
      return session && tokenSet(stored, session);
    },
    async refreshGrant(refreshToken, scope, clientId = publicClient) {
      const next = await refresh.rotate(refreshToken, clientId, scope);
      return next && tokenSet(next.account, next.session, next.scope);
    },
    async codeGrant(code, by) {
      const begun = await codes.redeem(code, by);
      return begun && tokenSet(begun.account, begun.session);
    },
    async clientGrant({ id, accountId }, scope) {
      const stored = await findById(pool, accountId);
      return stored?.isActive ? accessToken(stored, { scope, clientId: id, session: id }) : undefined;
    },
    async exchangeGrant(subjectToken) {
      const claims = await external.read(subjectToken);
      const stored = claims && (await external.accountOf(claims));
      return stored && accessToken(stored, { scope: claims.scope, clientId: externalClient, endsAt: claims.expiresAt });
    },
    async browserSignIn(login, password, clientAddress) {
      const stored = await signIn(login, password, clientAddress);
      return stored && (await begin(stored, browserClient, fullScope, clientAddress))?.token;
    },
    async browserAccess({ id, account }) {
      const grant = { scope: fullScope, clientId: browserClient, session: id };
      return accessToken(account, grant).access_token;
    },
  };
}
