import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import {
  clientAddressOf,
  guards,
  OAuthError,
  oauthErrorSchema,
  oauthForm,
  oauthFormBody,
  requiredParameter,
  tokenSetSchema,
} from "@quintet/auth";
import { accessTokenType } from "@quintet/auth/issuer";
import { jsonResponse, type ServiceEnv } from "@quintet/http";
import type { Context } from "hono";
import type { LocalAuth } from "../local-auth.ts";
import { introspect } from "../oauth/introspection.ts";
import { grantTokens, grantTypes } from "../oauth/token-endpoint.ts";

const tags = ["accounts"];
const errorResponses = {
  400: jsonResponse(oauthErrorSchema, "Invalid request (RFC 6749 section 5.2)"),
  401: jsonResponse(oauthErrorSchema, "Client authentication failed"),
};
const clientFields = {
  client_id: { description: "The id of the client; optional for the built-in client `quintet`" },
  client_secret: { description: "The secret of a confidential client, unless it is sent as Basic credentials" },
};

const introspectionSchema = z
  .object({
    active: z.boolean().openapi({ description: "Whether the token is valid; if not, there are no other fields" }),
    scope: z.string().optional().openapi({ description: "What it may be used for, separated by spaces" }),
    client_id: z.string().optional().openapi({ description: "The client that it was issued to" }),
    username: z.string().optional().openapi({ description: "The username of its account" }),
    token_type: z.literal("Bearer").optional().openapi({ description: "Set for an access token" }),
    exp: z.number().optional().openapi({ description: "When it expires, in seconds since 1970" }),
    sub: z.string().optional().openapi({ description: "The id of its account" }),
    aud: z.string().optional().openapi({ description: "The audience" }),
    iss: z.string().optional().openapi({ description: "The issuer" }),
    jti: z.string().optional().openapi({ description: "The id of the token" }),
  })
  .openapi("Introspection");

/** The form of a request with one token, which `description` describes. */
const tokenForm = (description: string) =>
  oauthFormBody({ token: { description }, token_type_hint: { description: "Ignored" }, ...clientFields }, ["token"]);

/** `/auth/token`, `/auth/revoke` and `/auth/introspect`, which respond to errors as RFC 6749 section 5.2 demands. */
export function addOAuth(app: OpenAPIHono<ServiceEnv>, { auth, issuer }: { auth: LocalAuth; issuer: string }) {
  const guard = guards(auth);

  return app
    .openapi(
      createRoute({
        ...guard.open(),
        method: "post",
        path: "/token",
        tags,
        summary: "Create tokens",
        description:
          "Exchanges a password, an authorization code, a refresh token, the credentials of a client, or the access token of " +
          "another issuer for tokens (RFC 6749, RFC 8693).",
        request: oauthFormBody(
          {
            grant_type: { description: "What the tokens are created for", enum: grantTypes },
            username: { description: "For password: the username or email address" },
            password: { description: "For password: the password" },
            refresh_token: { description: "For refresh_token: the refresh token" },
            code: { description: "For authorization_code: the code" },
            redirect_uri: { description: "For authorization_code: the redirect URI that the code was sent to" },
            code_verifier: { description: "For authorization_code: the PKCE verifier (RFC 7636)" },
            subject_token: { description: "For token exchange: the access token of another issuer" },
            subject_token_type: {
              description: "For token exchange: the kind of subject_token",
              enum: [accessTokenType],
            },
            scope: { description: "What the tokens may be used for, separated by spaces; everything by default" },
            ...clientFields,
          },
          ["grant_type"],
        ),
        responses: { 200: jsonResponse(tokenSetSchema, "Tokens created"), ...errorResponses },
      }),
      (c) =>
        respondToForm(c, async (form) => {
          const from = { authorization: c.req.header("authorization"), clientAddress: clientAddressOf(c) };
          return c.json(await grantTokens(auth, form, from), 200);
        }),
    )
    .openapi(
      createRoute({
        ...guard.open(),
        method: "post",
        path: "/revoke",
        tags,
        summary: "Revoke a token",
        description: "Ends an access token, or the whole session that a refresh token belongs to (RFC 7009).",
        request: tokenForm("The refresh token or access token"),
        responses: { 200: { description: "Token revoked, or not valid in the first place" }, ...errorResponses },
      }),
      (c) =>
        respondToForm(c, async (form) => {
          const revoked = requiredParameter(form, "token");
          await auth.clients.authenticate(c.req.header("authorization"), form);
          await auth.revoke(revoked);
          return c.body(null, 200);
        }),
    )
    .openapi(
      createRoute({
        ...guard.open(),
        method: "post",
        path: "/introspect",
        tags,
        summary: "Introspect a token",
        description: "Says whether a token is valid, and what it allows, to a client with a secret (RFC 7662).",
        request: tokenForm("An access token, or a refresh token of this client"),
        responses: {
          200: jsonResponse(introspectionSchema, "The state of the token"),
          ...errorResponses,
        },
      }),
      (c) =>
        respondToForm(c, async (form) => {
          const text = requiredParameter(form, "token");
          const client = await auth.clients.authenticate(c.req.header("authorization"), form);
          if (client === undefined || client.secretHash === null) {
            throw new OAuthError("invalid_client", "A client with a secret is required.");
          }
          return c.json(await introspect(auth, issuer, client, text), 200);
        }),
    );
}

/**
 * Responds to a form with what `handle` returns, and to an `OAuthError` as RFC 6749 section 5.2 demands: a client that failed to
 * authenticate gets a 401. Any other error is rethrown.
 */
async function respondToForm<T>(c: Context, handle: (form: Map<string, string>) => Promise<T>) {
  c.header("Cache-Control", "no-store");
  try {
    const query = new URL(c.req.url).searchParams;
    return await handle(await oauthForm(c.req.header("content-type"), query, () => c.req.text()));
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const body = { error: error.code, error_description: error.message };
    if (error.code !== "invalid_client") return c.json(body, 400);
    c.header("WWW-Authenticate", 'Basic realm="quintet", charset="UTF-8"');
    return c.json(body, 401);
  }
}
