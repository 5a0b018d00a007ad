import { type Scope, scopeNames } from "@quintet/auth";
import { allows, fullScope, grantable, readScopes } from "@quintet/auth/issuer";
import type { JWTPayload } from "jose";
import type { ExternalIssuer } from "./external-issuers-setting.ts";

/** What a good token of another issuer says. */
export interface ExternalClaims {
  issuer: string;
  subject: string;
  /** What the username of a new account is made of. */
  username: string;
  /** An email that the issuer has verified. */
  email: string | undefined;
  isStaff: boolean;
  /** Space-separated, ours. */
  scope: string;
  /** Seconds. */
  issuedAt: number;
  expiresAt: number;
}

const usernameClaims = ["preferred_username", "username", "cognito:username", "upn", "unique_name"];

/**
 * What a payload says whose signature, issuer and times are good already; `undefined` when it is no access token for us.
 * `skew` and `now` are in seconds.
 */
export function readExternalClaims(
  payload: JWTPayload,
  from: ExternalIssuer,
  now: number,
  skew: number,
): ExternalClaims | undefined {
  const { sub, iat, exp } = payload;
  if (typeof sub !== "string" || sub === "" || Buffer.byteLength(sub) > 255) return undefined;
  if (typeof iat !== "number" || iat > now + skew || typeof exp !== "number") return undefined;
  if (!isAccessToken(payload) || !isForUs(payload, from)) return undefined;
  const names = from.username === undefined ? usernameClaims : [from.username];
  const username = names.map((name) => claimAt(payload, name)).find((found) => typeof found === "string");
  const email = payload.email_verified === true ? payload.email : undefined;
  return {
    issuer: from.issuer,
    subject: sub,
    username: typeof username === "string" ? username : sub,
    email: typeof email === "string" ? email : undefined,
    isStaff: from.staff !== undefined && holds(claimAt(payload, from.staff.claim), from.staff.value),
    scope: scopeOf(payload, from.scope),
    issuedAt: iat,
    expiresAt: exp,
  };
}

/**
 * Tells access tokens from what must not be taken for one: ID tokens and other kinds (Cognito's `token_use`, Keycloak's `typ`, the
 * digests of OpenID Connect Core section 3.3.2.11), and tokens that are bound to a key of their holder (RFC 7800), which is
 * not proven here.
 */
function isAccessToken(payload: JWTPayload): boolean {
  const { token_use, typ, at_hash, c_hash, s_hash, nonce, cnf, events } = payload;
  if (token_use !== undefined && token_use !== "access") return false;
  if (typ !== undefined && typ !== "Bearer") return false;
  if (at_hash !== undefined || c_hash !== undefined || s_hash !== undefined) return false;
  if (cnf !== undefined || events !== undefined) return false;
  // Older Keycloaks repeat the nonce in the access token, and say what it is by `typ`.
  return nonce === undefined || typ === "Bearer";
}

function isForUs(payload: JWTPayload, { audience, clients }: ExternalIssuer): boolean {
  const { aud, token_use, azp, appid, client_id } = payload;
  // Cognito's access tokens have no `aud`.
  const meantFor = aud === undefined && token_use === "access" ? client_id : aud;
  const all: unknown[] = Array.isArray(meantFor) ? meantFor : [meantFor];
  if (!all.some((one) => typeof one === "string" && audience.includes(one))) return false;
  const client = azp ?? appid ?? client_id;
  return clients === undefined || (typeof client === "string" && clients.includes(client));
}

/** Those of the token's scopes that are ours, within what the issuer's tokens may do; all of that when it names none of ours. */
function scopeOf({ scope, scp }: JWTPayload, most: string): string {
  const named = typeof scope === "string" ? scope : typeof scp === "string" ? scp : "";
  const ours = named.split(" ").filter((name): name is Scope => (scopeNames as string[]).includes(name));
  if (ours.length === 0) return grantable(most) ?? fullScope;
  const granted = readScopes(most);
  if (ours.includes(fullScope)) return grantable(most) ?? fullScope;
  return ours.filter((name) => allows(granted, name)).join(" ");
}

/** The value of a claim, by its own name or by a path into objects. */
function claimAt(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  let at: unknown = payload;
  for (const part of name.split(".")) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}

/** Whether a claim is a value or, as a list or words, contains it. */
function holds(claim: unknown, value: string): boolean {
  if (Array.isArray(claim)) return claim.includes(value);
  return typeof claim === "string" && (claim === value || claim.split(" ").includes(value));
}
