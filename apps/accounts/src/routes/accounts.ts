import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { clientAddressOf, guards } from "@quintet/auth";
import {
  type IdempotencyStore,
  idempotent,
  jsonAnswer,
  jsonBody,
  noQuery,
  refusal,
  type ServiceEnv,
} from "@quintet/http";
import type { MiddlewareHandler } from "hono";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";
import { registrationSchema } from "../registration/registration.ts";
import type { PublicKey } from "../tokens/signing-key.ts";
import { accountSchema, keySetSchema, registeredSchema } from "./schemas.ts";

const tags = ["accounts"];

/** `/auth/register`, `/auth/me`, and the keys by which tokens are verified. */
export function addAccounts(
  app: OpenAPIHono<ServiceEnv>,
  deps: { auth: LocalAuth; idempotency: IdempotencyStore; publicKeys: PublicKey[] },
) {
  const { auth } = deps;
  const guard = guards(auth);
  /** Before the body is looked at. */
  const admitted: MiddlewareHandler<ServiceEnv> = async (c, next) => {
    await auth.admission.admit(clientAddressOf(c));
    return next();
  };

  return app
    .openapi(
      createRoute({
        ...guard.open(idempotent(deps.idempotency), admitted),
        method: "post",
        path: "/register",
        tags,
        summary: "Make an account",
        request: { ...noQuery, ...jsonBody(registrationSchema) },
        responses: {
          201: jsonAnswer(registeredSchema, "The new account"),
          403: refusal("Accounts are made by staff here, or with an invitation that is missing or not good"),
          409: refusal("The username or email is taken, or this Idempotency-Key is in use"),
          429: refusal("Too many from this address"),
        },
      }),
      async (c) => {
        const { id, username, email, createdAt } = await auth.createAccount(c.req.valid("json"), {
          by: actorOf(c),
          request: c.var.keyed,
        });
        return c.json({ id, username, email, createdAt }, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("account:read"),
        method: "get",
        path: "/me",
        tags,
        summary: "The account whose credentials these are",
        request: noQuery,
        responses: { 200: jsonAnswer(accountSchema, "The account") },
      }),
      (c) => {
        c.header("Cache-Control", "no-store");
        return c.json(c.var.account, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.open(),
        method: "get",
        path: "/.well-known/jwks.json",
        tags,
        summary: "The public keys that access tokens are verified with",
        request: noQuery,
        responses: { 200: jsonAnswer(keySetSchema, "RFC 7517 key set") },
      }),
      (c) => {
        c.header("Cache-Control", "public, max-age=300");
        return c.json({ keys: deps.publicKeys }, 200);
      },
    );
}
