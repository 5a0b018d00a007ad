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

/** What a good access token allows. */
export interface Access {
  account: Account;
  scopes: Scopes;
  /** The sign-in that the token belongs to, if it is one's. */
  session: string | undefined;
}

/** The answer to a token request (RFC 6749 section 5.1). */
export interface TokenSet {
  access_token: string;
  token_type: "Bearer";
  /** Seconds. */
  expires_in: number;
  refresh_token: string;
  scope: string;
}

export interface SignInOptions {
  /** Where the request comes from; wrong passwords are limited by it. */
  clientAddress?: ClientAddress;
  /** Space-separated; everything unless told. */
  scope?: string;
}

export interface Registration {
  username: string;
  email: string;
  password: string;
  /** The token of an invitation, where `REGISTRATION` wants one. */
  invitation?: string | undefined;
}

/** What an app asks of the issuer, whether that runs in the same process or behind HTTP. */
export interface Auth extends AsyncDisposable {
  /** Where browsers find the pages; decides when their cookies count. */
  site: Site;
  /**
   * What a valid access token allows; `undefined` for any other text. Good tokens are remembered until they expire or are
   * revoked; a 503 while it cannot be known which were.
   */
  access(token: string): Promise<Access | undefined>;
  /** The account of a valid access token, whatever it may be used for. */
  verifyToken(token: string): Promise<Account | undefined>;
  /**
   * The account whose username or email and password these are. A good check is remembered for a short time; too many bad
   * ones are a 429.
   */
  verifyPassword(login: string, password: string, clientAddress?: ClientAddress): Promise<Account | undefined>;
  /**
   * New tokens for a username or email and password (RFC 6749 section 4.3), narrowed to `scope` when that is told; `undefined`
   * when they are wrong.
   */
  passwordGrant(login: string, password: string, options?: SignInOptions): Promise<TokenSet | undefined>;
  /**
   * A new account, once for a keyed request; throws a `conflict` problem when the username or email is taken, a `forbidden` one
   * where nobody may make one or an invitation is missing or bad, and a 429 when too many came from where `clientAddress` says.
   */
  register(
    input: Registration,
    options?: { clientAddress?: ClientAddress | undefined; request?: KeyedRequest | undefined },
  ): Promise<Account>;
  /** Notes in the audit log what staff is about to do. */
  beginAction: BeginAction;
}
