import type { KeyedRequest } from "@quintet/http";
import type { BeginAction } from "./audit/staff-actions.ts";
import type { Site } from "./browser/site.ts";
import type { ClientAddress } from "./client-address.ts";
import type { Scopes } from "./scopes.ts";

/** An account as every app sees it. `id` is `auth_user.id`. */
export interface Account {
  id: number;
  username: string;
  email: string;
  isStaff: boolean;
  /** ISO 8601, UTC. */
  createdAt: string;
}

/** What a valid access token allows. */
export interface Access {
  account: Account;
  scopes: Scopes;
  /** The id of the session that the token belongs to, if any. */
  session: string | undefined;
}

/** The response to a token request (RFC 6749 section 5.1). */
export interface TokenSet {
  access_token: string;
  token_type: "Bearer";
  /** Seconds. */
  expires_in: number;
  refresh_token: string;
  scope: string;
}

export interface SignInOptions {
  /** Where the request comes from, for the limit of wrong passwords. */
  clientAddress?: ClientAddress;
  /** Scopes separated by spaces; everything by default. */
  scope?: string;
}

export interface Registration {
  username: string;
  email: string;
  password: string;
  /** The token of an invitation, where `REGISTRATION` requires one. */
  invitation?: string | undefined;
}

/** The accounts as an app uses them, whether the issuer is in this process or behind HTTP. */
export interface Auth extends AsyncDisposable {
  /** The site at `PUBLIC_URL`; decides when the cookies of a browser count. */
  site: Site;
  /**
   * What a valid access token allows; `undefined` for any other text. Valid tokens are cached until they expire or are revoked.
   * Throws a 503 while this process cannot know what has been revoked.
   */
  access(token: string): Promise<Access | undefined>;
  /** The same for a valid token that is cached; `undefined` for any other, of which only `access` knows whether it is valid. */
  cachedAccess(token: string): Access | undefined;
  /** The account of a valid access token, whatever its scope. */
  verifyToken(token: string): Promise<Account | undefined>;
  /**
   * The active account with this username or email and password; `undefined` if there is none. A correct password is cached
   * for 60 s. Throws a 429 after too many wrong ones.
   */
  verifyPassword(login: string, password: string, clientAddress?: ClientAddress): Promise<Account | undefined>;
  /**
   * The active account with this id; `undefined` if there is none. For credentials that an app issues itself, such as access keys: within
   * 2 s of its deactivation an account is no longer found. Throws a 503 while this process cannot know what has been revoked.
   */
  activeAccount(id: number): Promise<Account | undefined>;
  /**
   * New tokens for a username or email and password (RFC 6749 section 4.3), narrowed to `scope` if given; `undefined` when
   * they are wrong.
   */
  passwordGrant(login: string, password: string, options?: SignInOptions): Promise<TokenSet | undefined>;
  /**
   * Creates an account, once for a request with an `Idempotency-Key`. Throws a `conflict` problem when the username or email is
   * taken, a `forbidden` one when registration is closed or the invitation is missing or invalid, and a 429 after too many
   * attempts from this address.
   */
  register(
    input: Registration,
    options?: { clientAddress?: ClientAddress | undefined; request?: KeyedRequest | undefined },
  ): Promise<Account>;
  /**
   * The accounts whose tokens have all ended since a version, as after a deactivation, and the version of now; 0 for all that are known. For
   * apps that keep something of an account's state.
   */
  changedAccounts(since: number): { ids: number[]; version: number };
  /** Logs an action of staff before it happens. */
  beginAction: BeginAction;
}
