import { type ClientAddress, OAuthError, requiredParameter, type TokenSet } from "@quintet/auth";
import { accessTokenType, fullScope, grantable, publicClient, readScopes, tokenExchange } from "@quintet/auth/issuer";
import { docsClientId } from "@quintet/http";
import type { ApiClient } from "../clients/client-queries.ts";
import type { LocalAuth } from "../local-auth.ts";

/** The answer to a token request; a client that got a token for itself has no use for a refresh token. */
export type Tokens = Omit<TokenSet, "refresh_token"> & { refresh_token?: string; issued_token_type?: string };

/** Who asks, and from where. */
interface Asking {
  auth: LocalAuth;
  client: ApiClient | undefined;
  clientAddress: ClientAddress;
}

/** Answers a token request (RFC 6749 sections 4 and 6); what is wrong with it is thrown as an `OAuthError`. */
export async function grantTokens(
  auth: LocalAuth,
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

/** The grants that are served, for the metadata. */
export const grantTypes = ["authorization_code", "client_credentials", "password", "refresh_token", tokenExchange];

const grants = {
  async authorization_code({ auth, client }: Asking, form: Map<string, string>): Promise<Tokens> {
    if (!client) throw new OAuthError("invalid_client", "client_id is missing or not known.");
    const tokens = await auth.codeGrant(requiredParameter(form, "code"), {
      clientId: client.id,
      redirectUri: requiredParameter(form, "redirect_uri"),
      verifier: requiredParameter(form, "code_verifier"),
    });
    if (!tokens) throw new OAuthError("invalid_grant", "The code is not valid, has expired or was used before.");
    return tokens;
  },
  async client_credentials({ auth, client }: Asking, form: Map<string, string>): Promise<Tokens> {
    if (!client) throw new OAuthError("invalid_client", "The client must prove itself.");
    if (client.secretHash === null) throw new OAuthError("unauthorized_client", "This client has no secret.");
    const asked = form.get("scope");
    const scope = asked === undefined ? client.scope : grantable(asked, readScopes(client.scope));
    if (scope === undefined) throw new OAuthError("invalid_scope", "This goes beyond what the client may do.");
    const tokens = await auth.clientGrant(client, scope);
    if (!tokens) throw new OAuthError("unauthorized_client", "The account of this client is not active.");
    return tokens;
  },
  async password({ auth, client, clientAddress }: Asking, form: Map<string, string>): Promise<Tokens> {
    // Others never see a password; the documentation pages have the issuer's origin.
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
  async [tokenExchange]({ auth }: Asking, form: Map<string, string>): Promise<Tokens> {
    const types = [undefined, accessTokenType, "urn:ietf:params:oauth:token-type:jwt"];
    const wanted = [form.get("subject_token_type"), form.get("requested_token_type")];
    if (!wanted.every((type) => types.includes(type))) {
      throw new OAuthError("invalid_request", `subject_token_type must be ${accessTokenType}.`);
    }
    const tokens = await auth.exchangeGrant(requiredParameter(form, "subject_token"));
    if (!tokens) throw new OAuthError("invalid_grant", "The token is not good, or of no issuer that is listed here.");
    return { ...tokens, issued_token_type: accessTokenType };
  },
  async refresh_token({ auth, client }: Asking, form: Map<string, string>): Promise<Tokens> {
    const tokens = await auth.refreshGrant(
      requiredParameter(form, "refresh_token"),
      scopeOf(form),
      client?.id ?? publicClient,
    );
    if (!tokens)
      throw new OAuthError("invalid_grant", "The refresh token is not valid, has expired or was used before.");
    return tokens;
  },
};

/** What a token is to be narrowed to, if that is asked for. */
function scopeOf(form: Map<string, string>): string | undefined {
  const asked = form.get("scope");
  if (asked === undefined) return undefined;
  const scope = grantable(asked);
  if (scope === undefined) throw new OAuthError("invalid_scope", "scope names something that is not known here.");
  return scope;
}
