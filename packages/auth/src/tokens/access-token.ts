import { randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import type { Account } from "../account.ts";
import type { SigningKey } from "./signing-key.ts";

/** How long an access token lives, in seconds. */
export const accessTokenSeconds = 15 * 60;

/** The audience of every access token: all apps of an installation (RFC 9068 section 3). */
export const audience = "quintet";

/** The one public client, until an account can make its own. */
export const publicClient = "quintet";

/** The scope of a token that is not narrowed. */
export const fullScope = "all";

/** A new access token (RFC 9068), with the account's own fields so that an app needs no lookup. `now` is in ms. */
export function signAccessToken(key: SigningKey, issuer: string, account: Account, now: number): Promise<string> {
  const seconds = Math.floor(now / 1000);
  return new SignJWT({
    client_id: publicClient,
    scope: fullScope,
    username: account.username,
    email: account.email,
    staff: account.isStaff,
    created: account.createdAt,
  })
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: key.kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(String(account.id))
    .setJti(randomUUID())
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + accessTokenSeconds)
    .sign(key.privateKey);
}
