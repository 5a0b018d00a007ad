import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards, scopeNames } from "@quintet/auth";
import { grantable } from "@quintet/auth/issuer";
import {
  type IdempotencyStore,
  idempotent,
  isVisible,
  jsonAnswer,
  jsonBody,
  mustBeVisible,
  noQuery,
  Problem,
  refusal,
  type ServiceEnv,
} from "@quintet/http";
import { actorOf } from "../audit/actor.ts";
import type { ApiClient } from "../clients/client-queries.ts";
import { redirectUriFault } from "../clients/redirect-uri.ts";
import type { LocalAuth } from "../local-auth.ts";

const tags = ["accounts: API clients"];

/** A name as it is shown to those who are asked for their consent. */
export const clientNameSchema = z
  .string()
  .min(1, { abort: true })
  .max(100)
  .refine((text) => /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u.test(text), "must be plain text")
  .refine(isVisible, mustBeVisible);
const redirectUri = z.string().superRefine((text, context) => {
  const fault = redirectUriFault(text);
  if (fault) context.addIssue({ code: "custom", message: fault });
});
const scope = z
  .string()
  .max(1000)
  .transform((text, context) => {
    const granted = grantable(text);
    if (granted === undefined) context.addIssue({ code: "custom", message: "must be scopes, separated by spaces" });
    return granted ?? "";
  })
  .openapi({ type: "string", example: "queue:send queue:receive", description: `Out of ${scopeNames.join(", ")}` });

/** What a new client is made of. */
export const newClientSchema = z
  .strictObject({
    name: clientNameSchema.openapi({ example: "Nightly export" }),
    scope,
    redirectUris: z.array(redirectUri).max(10).default([]),
    confidential: z.boolean().default(true).openapi({ description: "Whether it can keep a secret" }),
  })
  .openapi("NewClient");

const clientSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    scope: z.string(),
    redirectUris: z.array(z.string()),
    confidential: z.boolean(),
    createdAt: z.iso.datetime(),
  })
  .openapi("Client");
const addedSchema = clientSchema
  .extend({ secret: z.string().nullable().openapi({ description: "Told this once" }) })
  .openapi("AddedClient");
const clientsSchema = z.object({ clients: z.array(clientSchema) }).openapi("Clients");

/** The API clients of an account: `/auth/clients`. */
export function addClients(
  app: OpenAPIHono<ServiceEnv>,
  { auth, idempotency }: { auth: LocalAuth; idempotency: IdempotencyStore },
) {
  const guard = guards(auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("account:manage", idempotent(idempotency)),
        method: "post",
        path: "/clients",
        tags,
        summary: "Register a program that may act for you, or for those who let it",
        request: { ...noQuery, ...jsonBody(newClientSchema) },
        responses: {
          201: jsonAnswer(addedSchema, "The client"),
          409: refusal("There are 50"),
        },
      }),
      async (c) => {
        const { account, keyed } = c.var;
        const { client, secret = null } = await auth.clients.add(account.id, c.req.valid("json"), actorOf(c), keyed);
        c.header("Cache-Control", "no-store");
        return c.json({ ...shown(client), secret }, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("account:manage"),
        method: "get",
        path: "/clients",
        tags,
        summary: "Your API clients, the newest first",
        request: noQuery,
        responses: { 200: jsonAnswer(clientsSchema, "All of them") },
      }),
      async (c) => {
        const clients = await auth.clients.list(c.var.account.id);
        c.header("Cache-Control", "no-store");
        return c.json({ clients: clients.map(shown) }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("account:manage"),
        method: "delete",
        path: "/clients/{id}",
        tags,
        summary: "Remove an API client; its sign-ins and tokens end",
        request: { ...noQuery, params: z.strictObject({ id: z.uuid("must be a client's id") }) },
        responses: {
          204: { description: "It is removed" },
          404: refusal("You have no such client"),
        },
      }),
      async (c) => {
        const removed = await auth.clients.remove(c.var.account.id, c.req.valid("param").id, actorOf(c));
        if (!removed) throw new Problem("not-found", "You have no such client.");
        return c.body(null, 204);
      },
    );
}

function shown({ id, name, scope, redirectUris, secretHash, createdAt }: ApiClient) {
  return { id, name, scope, redirectUris, confidential: secretHash !== null, createdAt: createdAt.toISOString() };
}
