import { type ClientAddress, OAuthError, requiredParameter, type TokenSet } from "@quintet/auth";
import { accessTokenType, fullScope, grantable, publicClient, readScopes, tokenExchange } from "@quintet/auth/issuer";
import { docsClientId } from "@quintet/http";
import type { ApiClient } from "../clients/client-queries.ts";
import type { Clients } from "../clients/clients.ts";
import type { Grants } from "./grants.ts";

/** The response to a token request. A client that gets a token for itself has no use for a refresh token. */
export type Tokens = Omit<TokenSet, "refresh_token"> & { refresh_token?: string; issued_token_type?: string };

/** What the token endpoint needs of the issuer. */
type TokenIssuer = Grants & { clients: Clients };

/** The authenticated client of a token request, and where it comes from. */
interface TokenRequest {
  auth: TokenIssuer;
  client: ApiClient | undefined;
  clientAddress: ClientAddress;
}

/** Handles a token request (RFC 6749 sections 4 and 6); throws an `OAuthError` when it is invalid. */
export async function grantTokens(
  auth: TokenIssuer,
  form: Map<string, string>,
  { authorization, clientAddress }: { authorization: string | undefined; clientAddress: ClientAddress },
): Promise<Tokens> {
  const grantType = requiredParameter(form, "grant_type");
  const grant = grants[grantType as keyof typeof grants];
  if (!Object.hasOwn(grants, grantType) || !grant) {
    throw new OAuthError("unsupported_grant_type", `grant_type must be ${Object.keys(grants).join(" or ")}.`);
  }
  const client = await auth.clients.authenticate(authorization, form);
  return grant({ auth, client, clientAddress }, form);
}

/** The supported grant types, for the metadata. */
export const grantTypes = ["authorization_code", "client_credentials", "password", "refresh_token", tokenExchange];

const grants = {
  async authorization_code({ auth, client }: TokenRequest, form: Map<string, string>): Promise<Tokens> {
    if (!client) throw new OAuthError("invalid_client", "client_id is missing or unknown.");
    const tokens = await auth.codeGrant(requiredParameter(form, "code"), {
      clientId: client.id,
      redirectUri: requiredParameter(form, "redirect_uri"),
      verifier: requiredParameter(form, "code_verifier"),
    });
    if (!tokens) throw new OAuthError("invalid_grant", "The code is invalid, has expired or has already been used.");
    return tokens;
  },
  async client_credentials({ auth, client }: TokenRequest, form: Map<string, string>): Promise<Tokens> {
    if (!client) throw new OAuthError("invalid_client", "Client authentication is required.");
    if (client.secretHash === null) throw new OAuthError("unauthorized_client", "This client has no secret.");
    const asked = form.get("scope");
    const scope = asked === undefined ? client.scope : grantable(asked, readScopes(client.scope));
    if (scope === undefined) throw new OAuthError("invalid_scope", "The scope exceeds that of the client.");
    const tokens = await auth.clientGrant(client, scope);
    if (!tokens) throw new OAuthError("unauthorized_client", "The account of this client is not active.");
    return tokens;
  },
  async password({ auth, client, clientAddress }: TokenRequest, form: Map<string, string>): Promise<Tokens> {
    // No other client may handle a password; the documentation pages have the issuer's own origin.
    if (client && client.id !== docsClientId)
      throw new OAuthError("unauthorized_client", "This client must send its users to the sign-in page.");
    const scope = scopeOf(form) ?? fullScope;
    const options = { clientAddress, scope };
    const tokens = await auth.passwordGrant(
      requiredParameter(form, "username"),
      requiredParameter(form, "password"),
      options,
    );
    if (!tokens) throw new OAuthError("invalid_grant", "The username or password is wrong.");
    return tokens;
  },
  async [tokenExchange]({ auth }: TokenRequest, form: Map<string, string>): Promise<Tokens> {
    const types = [undefined, accessTokenType, "urn:ietf:params:oauth:token-type:jwt"];
    const wanted = [form.get("subject_token_type"), form.get("requested_token_type")];
    if (!wanted.every((type) => types.includes(type))) {
      throw new OAuthError("invalid_request", `subject_token_type must be ${accessTokenType}.`);
    }
    const tokens = await auth.exchangeGrant(requiredParameter(form, "subject_token"));
    if (!tokens) throw new OAuthError("invalid_grant", "The token is invalid, or its issuer is not accepted.");
    return { ...tokens, issued_token_type: accessTokenType };
  },
  async refresh_token({ auth, client }: TokenRequest, form: Map<string, string>): Promise<Tokens> {
    const tokens = await auth.refreshGrant(
      requiredParameter(form, "refresh_token"),
      scopeOf(form),
      client?.id ?? publicClient,
    );
    if (!tokens)
      throw new OAuthError("invalid_grant", "The refresh token is invalid, has expired or has already been used.");
    return tokens;
  },
};

/** The scope that the request asks for, if it does. */
function scopeOf(form: Map<string, string>): string | undefined {
  const asked = form.get("scope");
  if (asked === undefined) return undefined;
  const scope = grantable(asked);
  if (scope === undefined) throw new OAuthError("invalid_scope", "scope contains an unknown scope.");
  return scope;
}
