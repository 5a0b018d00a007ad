import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { clientAddressOf, guards } from "@quintet/auth";
import {
  errorResponse,
  type IdempotencyStore,
  idempotent,
  jsonBody,
  jsonResponse,
  noQuery,
  type ServiceEnv,
} from "@quintet/http";
import type { MiddlewareHandler } from "hono";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";
import type { PublicKey } from "../tokens/signing-key.ts";
import { accountSchema, createdAccountSchema, registrationBody } from "./schemas.ts";

const tags = ["accounts"];

const keySetSchema = z
  .object({
    keys: z
      .array(z.looseObject({ kty: z.string().openapi({ description: "The key type", example: "OKP" }) }))
      .openapi({ description: "The public keys, in the form of RFC 7517" }),
  })
  .openapi("KeySet");

/** `/auth/register`, `/auth/me`, and the public keys that access tokens are verified with. */
export function addAccounts(
  app: OpenAPIHono<ServiceEnv>,
  deps: { auth: LocalAuth; idempotency: IdempotencyStore; publicKeys: PublicKey[] },
) {
  const { auth } = deps;
  const guard = guards(auth);
  /** Counts the attempt before the body is read. */
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
        summary: "Create an account",
        description:
          "Depending on the installation anyone may create an account, an invitation is required, or only staff may create accounts. " +
          "At most 30 requests in a row from one address by default (a /64 network for IPv6), then one every 2 minutes.",
        request: { ...noQuery, ...jsonBody(registrationBody) },
        responses: {
          201: jsonResponse(createdAccountSchema, "Account created"),
          403: errorResponse("Only staff may create accounts, or the invitation is missing or invalid"),
          409: errorResponse("The username or email is taken, or this Idempotency-Key is in use"),
          429: errorResponse("Too many requests from this address"),
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
        summary: "Get your account",
        request: noQuery,
        responses: { 200: jsonResponse(accountSchema, "The account of the credentials") },
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
        summary: "Get the public keys",
        description: "The keys that access tokens are verified with, as a JSON Web Key Set (RFC 7517).",
        request: noQuery,
        responses: { 200: jsonResponse(keySetSchema, "The public keys") },
      }),
      (c) => {
        c.header("Cache-Control", "public, max-age=300");
        return c.json({ keys: deps.publicKeys }, 200);
      },
    );
}
