import type { TokenSet } from "../account.ts";
import type { Origin } from "../client-address.ts";
import { grantable } from "../scopes.ts";
import { publicClient } from "../tokens/access-token.ts";
import type { LocalAuth } from "./local-auth.ts";
import { needed, OAuthError } from "./oauth-form.ts";

/** Answers a token request (RFC 6749 sections 4.3 and 6); what is wrong with it is thrown as an `OAuthError`. */
export async function grantTokens(auth: LocalAuth, form: Map<string, string>, origin: Origin): Promise<TokenSet> {
  const grantType = needed(form, "grant_type");
  const grant = grants[grantType as keyof typeof grants];
  if (!Object.hasOwn(grants, grantType) || !grant) {
    throw new OAuthError("unsupported_grant_type", `grant_type must be ${Object.keys(grants).join(" or ")}.`);
  }
  if ((form.get("client_id") ?? publicClient) !== publicClient) {
    throw new OAuthError("invalid_client", "This client_id is not known here.");
  }
  return grant(auth, form, origin);
}

/** The grants that are served, for the metadata. */
export const grantTypes = ["password", "refresh_token"];

const grants = {
  async password(auth: LocalAuth, form: Map<string, string>, origin: Origin): Promise<TokenSet> {
    const scope = scopeOf(form);
    const options = { origin, ...(scope ? { scope } : {}) };
    const tokens = await auth.passwordGrant(needed(form, "username"), needed(form, "password"), options);
    if (!tokens) throw new OAuthError("invalid_grant", "The username or password is wrong.");
    return tokens;
  },
  async refresh_token(auth: LocalAuth, form: Map<string, string>): Promise<TokenSet> {
    const tokens = await auth.refreshGrant(needed(form, "refresh_token"), scopeOf(form));
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
