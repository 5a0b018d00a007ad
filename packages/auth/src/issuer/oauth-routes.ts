import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { jsonAnswer, type ServiceEnv } from "@quintet/http";
import type { Context } from "hono";
import { originOf } from "../client-address.ts";
import { guards } from "../guards.ts";
import { introspect, introspectionSchema } from "./introspection.ts";
import type { LocalAuth } from "./local-auth.ts";
import { needed, OAuthError, oauthForm } from "./oauth-form.ts";
import { oauthErrorSchema, oauthFormBody, tokenSetSchema } from "./schemas.ts";
import { accessTokenType, grantTokens, grantTypes } from "./token-endpoint.ts";

const tags = ["accounts"];
const oauthRefusal = jsonAnswer(oauthErrorSchema, "The request is refused (RFC 6749 section 5.2)");
const refusals = { 400: oauthRefusal, 401: jsonAnswer(oauthErrorSchema, "The client did not prove itself") };
const clientFields = {
  client_id: { description: "Which client asks; not needed for quintet's own" },
  client_secret: { description: "Of a confidential client, unless it comes as Basic" },
};

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
      async (c) => {
        c.header("Cache-Control", "no-store");
        try {
          const asking = { authorization: c.req.header("authorization"), origin: originOf(c) };
          return c.json(await grantTokens(auth, await formOf(c), asking), 200);
        } catch (error) {
          return refuse(c, error);
        }
      },
    )
    .openapi(
      createRoute({
        ...guard.open(),
        method: "post",
        path: "/revoke",
        tags,
        summary: "End an access token, or the whole sign-in that a refresh token belongs to",
        request: oauthFormBody(
          {
            token: { description: "The refresh token or the access token" },
            token_type_hint: { description: "Not needed" },
            ...clientFields,
          },
          ["token"],
        ),
        responses: { 200: { description: "It is not good any more, or never was" }, ...refusals },
      }),
      async (c) => {
        c.header("Cache-Control", "no-store");
        try {
          const form = await formOf(c);
          const revoked = needed(form, "token");
          await auth.clients.authenticate(c.req.header("authorization"), form);
          await auth.revoke(revoked);
          return c.body(null, 200);
        } catch (error) {
          return refuse(c, error);
        }
      },
    )
    .openapi(
      createRoute({
        ...guard.open(),
        method: "post",
        path: "/introspect",
        tags,
        summary: "Whether a token is good, for a client with a secret (RFC 7662)",
        request: oauthFormBody(
          {
            token: { description: "The access token, or the client's refresh token" },
            token_type_hint: { description: "Not needed" },
            ...clientFields,
          },
          ["token"],
        ),
        responses: {
          200: jsonAnswer(introspectionSchema, "What it says; only that it is not active otherwise"),
          ...refusals,
        },
      }),
      async (c) => {
        c.header("Cache-Control", "no-store");
        try {
          const form = await formOf(c);
          const text = needed(form, "token");
          const client = await auth.clients.authenticate(c.req.header("authorization"), form);
          if (client === undefined || client.secretHash === null) {
            throw new OAuthError("invalid_client", "This needs a client with a secret.");
          }
          return c.json(await introspect(auth, issuer, client, text), 200);
        } catch (error) {
          return refuse(c, error);
        }
      },
    );
}

async function formOf(c: Context): Promise<Map<string, string>> {
  return oauthForm(c.req.header("content-type"), new URL(c.req.url).searchParams, await c.req.text());
}

/** A refusal; an error of any other kind is passed on. A client that did not prove itself is a 401 (RFC 6749 section 5.2). */
function refuse(c: Context, error: unknown) {
  if (!(error instanceof OAuthError)) throw error;
  const body = { error: error.code, error_description: error.message };
  if (error.code !== "invalid_client") return c.json(body, 400);
  c.header("WWW-Authenticate", 'Basic realm="quintet", charset="UTF-8"');
  return c.json(body, 401);
}
