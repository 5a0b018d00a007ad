import { grantable, readScopes } from "@quintet/auth/issuer";
import { Problem } from "@quintet/http";
import type { ApiClient } from "../clients/client-queries.ts";
import type { Clients } from "../clients/clients.ts";
import { isRegistered } from "../clients/redirect-uri.ts";

/** The parameters of an authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3). */
export const requestFields = [
  "response_type",
  "client_id",
  "redirect_uri",
  "scope",
  "state",
  "code_challenge",
  "code_challenge_method",
] as const;

/** A valid request, to be shown to the user; or an error that is reported to its client. */
export type AuthorizationRequest =
  | { client: ApiClient; redirectUri: string; state: string | undefined; scope: string; challenge: string }
  | { redirectUri: string; state: string | undefined; error: string; description: string };

/**
 * Validates an authorization request. Throws a problem for an invalid client or redirect URI, since the browser must not be redirected
 * to an unregistered address; returns any other error, for the client.
 */
export async function readAuthorizationRequest(
  clients: Clients,
  parameters: URLSearchParams,
): Promise<AuthorizationRequest> {
  const one = (name: string): string | undefined => {
    const values = parameters.getAll(name).filter((value) => value !== "");
    if (values.length > 1) throw badRequest(parameters, name, "must not be repeated");
    return values[0];
  };
  const clientId = one("client_id");
  const client = clientId === undefined ? undefined : await clients.find(clientId);
  if (!client) throw badRequest(parameters, "client_id", clientId === undefined ? "is required" : "is unknown");
  const redirectUri = one("redirect_uri");
  if (redirectUri === undefined || !isRegistered(redirectUri, client.redirectUris)) {
    throw badRequest(parameters, "redirect_uri", redirectUri === undefined ? "is missing" : "is not registered");
  }
  const state = one("state");
  const refuse = (error: string, description: string) => ({ redirectUri, state, error, description });
  if (one("response_type") !== "code") return refuse("unsupported_response_type", "response_type must be code.");
  const challenge = one("code_challenge");
  if (challenge === undefined || !/^[A-Za-z0-9_-]{43}$/.test(challenge) || one("code_challenge_method") !== "S256") {
    return refuse("invalid_request", "code_challenge with code_challenge_method S256 is required.");
  }
  const asked = one("scope");
  const scope = asked === undefined ? client.scope : grantable(asked, readScopes(client.scope));
  if (scope === undefined) return refuse("invalid_scope", "The scope exceeds that of the client.");
  return { client, redirectUri, state, scope, challenge };
}

/** The URL that the browser is redirected to: the redirect URI with the response (RFC 6749 section 4.1.2, RFC 9207). */
export function responseUrl(redirectUri: string, response: Record<string, string | undefined>): string {
  const given = Object.entries(response).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const query = new URLSearchParams(given).toString();
  return `${redirectUri}${redirectUri.includes("?") ? "&" : "?"}${query}`;
}

function badRequest(parameters: URLSearchParams, path: string, message: string): Problem {
  // Unknown parameters are allowed; they are named because they may be the mistake.
  const known: readonly string[] = requestFields;
  const unknown = [...new Set(parameters.keys())].filter((name) => !known.includes(name)).slice(0, 20);
  const errors = [{ path, message }, ...unknown.map((name) => ({ path: name, message: "unknown parameter" }))];
  return new Problem("bad-request", `${path} ${message}.`, { errors });
}
