import { randomUUID, sign } from "node:crypto";
import type { Account } from "@quintet/auth";
import { accessTokenSeconds, audience } from "@quintet/auth/issuer";
import type { SigningKey } from "./signing-key.ts";

/** What a token is made of beside the account's own fields. */
export interface TokenGrant {
  /** The account's epoch at the time of the grant; the token ends when that moves on. */
  epoch: number;
  /** Space-separated. */
  scope: string;
  clientId: string;
  /** The sign-in that it belongs to, and ends with. */
  session?: string | undefined;
  /** When it ends at the latest, in seconds. */
  endsAt?: number;
}

/**
 * A new access token (RFC 9068), with the account's own fields so that an app needs no lookup. `now` is in ms. It is signed here and
 * now: an Ed25519 signature takes less than the way to another thread and back.
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
