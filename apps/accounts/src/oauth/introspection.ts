import { audience, type CheckedToken, issuerOf, publicClient } from "@quintet/auth/issuer";
import type { ApiClient } from "../clients/client-queries.ts";
import type { RefreshTokens } from "../tokens/refresh-tokens.ts";

/** How tokens are read. */
interface TokenReader {
  readToken(token: string): Promise<CheckedToken | undefined>;
  findRefreshToken: RefreshTokens["find"];
}

/** What introspection says about a token (RFC 7662 section 2.2). */
export interface Introspection {
  active: boolean;
  scope?: string;
  client_id?: string;
  username?: string;
  token_type?: "Bearer";
  /** Seconds since 1970. */
  exp?: number;
  sub?: string;
  aud?: string;
  iss?: string;
  jti?: string;
}

const inactive: Introspection = { active: false };

/** Introspects an access token, or a refresh token of this client or of the public client; any other is inactive. */
export function introspect(
  auth: TokenReader,
  issuer: string,
  client: ApiClient,
  token: string,
): Promise<Introspection> {
  return token.includes(".") ? accessToken(auth, issuer, token) : refreshToken(auth, issuer, client, token);
}

async function accessToken(auth: TokenReader, issuer: string, token: string): Promise<Introspection> {
  const checked = await auth.readToken(token);
  if (!checked) return inactive;
  const { access, identity, clientId, expiresAt } = checked;
  const from = issuerOf(token) ?? issuer;
  return {
    active: true,
    scope: [...access.scopes].join(" "),
    client_id: clientId,
    username: access.account.username,
    token_type: "Bearer",
    exp: Math.floor(expiresAt / 1000),
    sub: String(access.account.id),
    iss: from,
    ...(from === issuer ? { aud: audience, jti: identity.tokenId } : {}),
  };
}

async function refreshToken(
  auth: TokenReader,
  issuer: string,
  client: ApiClient,
  token: string,
): Promise<Introspection> {
  const found = await auth.findRefreshToken(token);
  if (!found || (found.clientId !== client.id && found.clientId !== publicClient)) return inactive;
  return {
    active: true,
    scope: found.scope,
    client_id: found.clientId,
    username: found.account.username,
    exp: Math.floor(found.expiresAt.getTime() / 1000),
    sub: String(found.account.id),
    iss: issuer,
  };
}
