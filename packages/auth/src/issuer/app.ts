import { createRoute, z } from "@hono/zod-openapi";
import {
  createService,
  type IdempotencyStore,
  idempotent,
  jsonAnswer,
  jsonBody,
  type Logger,
  openApiDocument,
} from "@quintet/http";
import type { Context } from "hono";
import { originOf } from "../client-address.ts";
import { guards } from "../guards.ts";
import type { PublicKey } from "../tokens/signing-key.ts";
import { metadataPath, pathOf, type WebApp } from "../with-issuer.ts";
import type { LocalAuth } from "./local-auth.ts";
import { needed, OAuthError, oauthForm } from "./oauth-form.ts";
import { registrationSchema } from "./registration.ts";
import {
  accountSchema,
  keySetSchema,
  oauthErrorSchema,
  oauthFormBody,
  registeredSchema,
  tokenSetSchema,
} from "./schemas.ts";
import { addSessions } from "./session-routes.ts";
import { addStaff } from "./staff-routes.ts";
import { grantTokens, grantTypes } from "./token-endpoint.ts";
import { createWellKnown } from "./well-known.ts";

export interface IssuerDeps {
  auth: LocalAuth;
  cursorKey: Buffer;
  /** The public halves of the keys that tokens may be signed with. */
  publicKeys: PublicKey[];
  /** The issuer's identifier. */
  issuer: string;
  idempotency: IdempotencyStore;
  pingRedis: () => Promise<unknown>;
  log: Logger;
  corsOrigins: string[];
}

const tags = ["accounts"];
const noQuery = { query: z.strictObject({}) };
const oauthRefusal = jsonAnswer(oauthErrorSchema, "The request is refused (RFC 6749 section 5.2)");

/** The issuer's routes: all of `/auth`, and its metadata below `/.well-known`. */
export function createApp(deps: IssuerDeps): WebApp {
  const { auth, log, corsOrigins } = deps;
  const guard = guards(auth);
  const wellKnown = createWellKnown(deps);
  const info = { title: "Quintet accounts", version: "0.1.0" };
  const app = createService({
    ...info,
    prefix: "/auth",
    log,
    corsOrigins,
    checks: { mysql: auth.ping, redis: deps.pingRedis },
    document: async () => {
      const own = openApiDocument(app, info);
      const { [metadataPath]: metadata } = openApiDocument(wellKnown, info).paths ?? {};
      return { ...own, paths: { ...own.paths, [metadataPath]: metadata } };
    },
  });

  const register = createRoute({
    ...guard.open(idempotent(deps.idempotency)),
    method: "post",
    path: "/register",
    tags,
    summary: "Make an account",
    request: { ...noQuery, ...jsonBody(registrationSchema) },
    responses: { 201: jsonAnswer(registeredSchema, "The new account") },
  });
  app.openapi(register, async (c) => {
    const { id, username, email, createdAt } = await auth.register(c.req.valid("json"));
    return c.json({ id, username, email, createdAt }, 201);
  });

  const token = createRoute({
    ...guard.open(),
    method: "post",
    path: "/token",
    tags,
    summary: "Tokens for a password or for a refresh token",
    request: oauthFormBody(
      {
        grant_type: { description: "How you prove who you are", enum: grantTypes },
        username: { description: "Username or email, for password" },
        password: { description: "For password" },
        refresh_token: { description: "For refresh_token" },
        scope: { description: "What the token is to be narrowed to, space-separated; everything unless told" },
      },
      ["grant_type"],
    ),
    responses: { 200: jsonAnswer(tokenSetSchema, "The tokens"), 400: oauthRefusal },
  });
  app.openapi(token, async (c) => {
    c.header("Cache-Control", "no-store");
    try {
      return c.json(await grantTokens(auth, await formOf(c), originOf(c)), 200);
    } catch (error) {
      return c.json(refusal(error), 400);
    }
  });

  const revoke = createRoute({
    ...guard.open(),
    method: "post",
    path: "/revoke",
    tags,
    summary: "End an access token, or the whole sign-in that a refresh token belongs to",
    request: oauthFormBody(
      {
        token: { description: "The refresh token or the access token" },
        token_type_hint: { description: "Not needed" },
      },
      ["token"],
    ),
    responses: { 200: { description: "It is not good any more, or never was" }, 400: oauthRefusal },
  });
  app.openapi(revoke, async (c) => {
    c.header("Cache-Control", "no-store");
    try {
      await auth.revoke(needed(await formOf(c), "token"));
      return c.body(null, 200);
    } catch (error) {
      return c.json(refusal(error), 400);
    }
  });

  const me = createRoute({
    ...guard.account("account:read"),
    method: "get",
    path: "/me",
    tags,
    summary: "The account whose credentials these are",
    request: noQuery,
    responses: { 200: jsonAnswer(accountSchema, "The account") },
  });
  app.openapi(me, (c) => {
    c.header("Cache-Control", "no-store");
    return c.json(c.var.account, 200);
  });

  addSessions(app, auth);
  addStaff(app, deps);

  const keys = createRoute({
    ...guard.open(),
    method: "get",
    path: "/.well-known/jwks.json",
    tags,
    summary: "The public keys that access tokens are verified with",
    request: noQuery,
    responses: { 200: jsonAnswer(keySetSchema, "RFC 7517 key set") },
  });
  app.openapi(keys, (c) => {
    c.header("Cache-Control", "public, max-age=300");
    return c.json({ keys: deps.publicKeys }, 200);
  });

  return {
    fetch: (request, env) => (pathOf(request.url).startsWith("/.well-known") ? wellKnown : app).fetch(request, env),
  };
}

async function formOf(c: Context): Promise<Map<string, string>> {
  return oauthForm(c.req.header("content-type"), new URL(c.req.url).searchParams, await c.req.text());
}

/** The body of a refusal; an error of any other kind is passed on. */
function refusal(error: unknown): { error: string; error_description: string } {
  if (!(error instanceof OAuthError)) throw error;
  return { error: error.code, error_description: error.message };
}
