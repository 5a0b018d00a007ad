import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
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
import { jsonAnswer, type ServiceEnv } from "@quintet/http";
import type { Context } from "hono";
import type { LocalAuth } from "../local-auth.ts";
import { introspect, introspectionSchema } from "../oauth/introspection.ts";
import { grantTokens, grantTypes } from "../oauth/token-endpoint.ts";

const tags = ["accounts"];
const oauthRefusal = jsonAnswer(oauthErrorSchema, "The request is refused (RFC 6749 section 5.2)");
const refusals = { 400: oauthRefusal, 401: jsonAnswer(oauthErrorSchema, "The client did not prove itself") };
const clientFields = {
  client_id: { description: "Which client asks; not needed for quintet's own" },
  client_secret: { description: "Of a confidential client, unless it comes as Basic" },
};

/** The form of a request about a token, which `description` says more of. */
const tokenForm = (description: string) =>
  oauthFormBody({ token: { description }, token_type_hint: { description: "Not needed" }, ...clientFields }, ["token"]);

/** `/auth/token`, `/auth/revoke` and `/auth/introspect`, whose errors are told as RFC 6749 says. */
export function addOAuth(app: OpenAPIHono<ServiceEnv>, { auth, issuer }: { auth: LocalAuth; issuer: string }) {
  const guard = guards(auth);

  return app
    .openapi(
      createRoute({
        ...guard.open(),
        method: "post",
        path: "/token",
        tags,
        summary: "Tokens for a password, a code, a refresh token or a client itself",
        request: oauthFormBody(
          {
            grant_type: { description: "How you prove who you are", enum: grantTypes },
            username: { description: "Username or email, for password" },
            password: { description: "For password" },
            refresh_token: { description: "For refresh_token" },
            code: { description: "For authorization_code" },
            redirect_uri: { description: "For authorization_code: the one that the code was sent to" },
            code_verifier: { description: "For authorization_code (RFC 7636)" },
            subject_token: { description: "For token exchange (RFC 8693): another issuer's access token" },
            subject_token_type: { description: "For token exchange", enum: [accessTokenType] },
            scope: { description: "What the token is to be narrowed to, space-separated; everything unless told" },
            ...clientFields,
          },
          ["grant_type"],
        ),
        responses: { 200: jsonAnswer(tokenSetSchema, "The tokens"), ...refusals },
      }),
      (c) =>
        answerForm(c, async (form) => {
          const asking = { authorization: c.req.header("authorization"), clientAddress: clientAddressOf(c) };
          return c.json(await grantTokens(auth, form, asking), 200);
        }),
    )
    .openapi(
      createRoute({
        ...guard.open(),
        method: "post",
        path: "/revoke",
        tags,
        summary: "End an access token, or the whole sign-in that a refresh token belongs to",
        request: tokenForm("The refresh token or the access token"),
        responses: { 200: { description: "It is not good any more, or never was" }, ...refusals },
      }),
      (c) =>
        answerForm(c, async (form) => {
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
        summary: "Whether a token is good, for a client with a secret (RFC 7662)",
        request: tokenForm("The access token, or the client's refresh token"),
        responses: {
          200: jsonAnswer(introspectionSchema, "What it says; only that it is not active otherwise"),
          ...refusals,
        },
      }),
      (c) =>
        answerForm(c, async (form) => {
          const text = requiredParameter(form, "token");
          const client = await auth.clients.authenticate(c.req.header("authorization"), form);
          if (client === undefined || client.secretHash === null) {
            throw new OAuthError("invalid_client", "This needs a client with a secret.");
          }
          return c.json(await introspect(auth, issuer, client, text), 200);
        }),
    );
}

/**
 * Answers a form; what it is refused for is told as RFC 6749 section 5.2 says: a client that did not prove itself is a 401. An error of
 * any other kind is passed on.
 */
async function answerForm<T>(c: Context, answer: (form: Map<string, string>) => Promise<T>) {
  c.header("Cache-Control", "no-store");
  try {
    const query = new URL(c.req.url).searchParams;
    return await answer(await oauthForm(c.req.header("content-type"), query, () => c.req.text()));
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const body = { error: error.code, error_description: error.message };
    if (error.code !== "invalid_client") return c.json(body, 400);
    c.header("WWW-Authenticate", 'Basic realm="quintet", charset="UTF-8"');
    return c.json(body, 401);
  }
}
