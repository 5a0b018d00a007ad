import { type Scope, scopeNames } from "@quintet/auth";
import { allows, fullScope, grantable, readScopes } from "@quintet/auth/issuer";
import type { JWTPayload } from "jose";
import type { ExternalIssuer } from "./external-issuers-setting.ts";

/** The claims of a valid token of another issuer. */
export interface ExternalClaims {
  issuer: string;
  subject: string;
  /** What the username of a new account is derived from. */
  username: string;
  /** The email, if the issuer has verified it. */
  email: string | undefined;
  isStaff: boolean;
  /** Scopes of ours, separated by spaces. */
  scope: string;
  /** Seconds since 1970. */
  issuedAt: number;
  expiresAt: number;
}

const usernameClaims = ["preferred_username", "username", "cognito:username", "upn", "unique_name"];

/**
 * The claims of a payload whose signature, issuer and times have been verified; `undefined` when it is no access token for us. `skew`
 * and `now` are in seconds.
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
 * Whether a payload is that of an access token. Excluded are ID tokens and other kinds (Cognito's `token_use`, Keycloak's `typ`, the
 * digests of OpenID Connect Core section 3.3.2.11), and tokens bound to a key (RFC 7800), whose possession is not verified here.
 */
function isAccessToken(payload: JWTPayload): boolean {
  const { token_use, typ, at_hash, c_hash, s_hash, nonce, cnf, events } = payload;
  if (token_use !== undefined && token_use !== "access") return false;
  if (typ !== undefined && typ !== "Bearer") return false;
  if (at_hash !== undefined || c_hash !== undefined || s_hash !== undefined) return false;
  if (cnf !== undefined || events !== undefined) return false;
  // Older Keycloaks repeat the nonce in the access token, which has a `typ`.
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

/** The scopes of ours in the token, within `limit`; all of `limit` if there is none. */
function scopeOf({ scope, scp }: JWTPayload, limit: string): string {
  const named = typeof scope === "string" ? scope : typeof scp === "string" ? scp : "";
  const ours = named.split(" ").filter((name): name is Scope => (scopeNames as string[]).includes(name));
  if (ours.length === 0) return grantable(limit) ?? fullScope;
  const granted = readScopes(limit);
  if (ours.includes(fullScope)) return grantable(limit) ?? fullScope;
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
