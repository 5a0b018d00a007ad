import { randomUUID, sign } from "node:crypto";
import type { Account } from "@quintet/auth";
import { accessTokenSeconds, audience } from "@quintet/auth/issuer";
import type { SigningKey } from "./signing-key.ts";

/** The claims of a token besides the fields of the account. */
export interface TokenGrant {
  /** The epoch of the account at the time of the grant; the token ends with it. */
  epoch: number;
  /** Scopes separated by spaces. */
  scope: string;
  clientId: string;
  /** The session that it belongs to and ends with. */
  session?: string | undefined;
  /** When it expires at the latest, in seconds since 1970. */
  endsAt?: number;
}

/**
 * Creates an access token (RFC 9068) that contains the fields of the account, so that apps need no lookup. `now` is the wall clock in
 * ms. It is signed synchronously: an Ed25519 signature takes less time than the way to another thread and back.
 */
export function signAccessToken(
  key: SigningKey,
  issuer: string,
  account: Account,
  grant: TokenGrant,
  now: number,
): string {
  const seconds = Math.floor(now / 1000);
  const header = { alg: "EdDSA", typ: "at+jwt", kid: key.kid };
  const claims = {
    client_id: grant.clientId,
    scope: grant.scope,
    username: account.username,
    email: account.email,
    staff: account.isStaff,
    created: account.createdAt,
    epoch: grant.epoch,
    ...(grant.session === undefined ? {} : { sid: grant.session }),
    iss: issuer,
    aud: audience,
    sub: String(account.id),
    jti: randomUUID(),
    iat: seconds,
    exp: Math.min(seconds + accessTokenSeconds, grant.endsAt ?? Number.POSITIVE_INFINITY),
  };
  // RFC 7515 section 3.1 and RFC 8037 section 3.1.
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${sign(null, Buffer.from(signed), key.privateKey).toString("base64url")}`;
}
