import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards, scopeNames } from "@quintet/auth";
import {
  errorResponse,
  type IdempotencyStore,
  idempotent,
  jsonBody,
  jsonResponse,
  noQuery,
  Problem,
  type ServiceEnv,
} from "@quintet/http";
import { actorOf } from "../audit/actor.ts";
import type { ApiClient } from "../clients/client-queries.ts";
import { newClientSchema } from "../clients/new-client.ts";
import type { LocalAuth } from "../local-auth.ts";

const tags = ["accounts: API clients"];

const { shape } = newClientSchema;
const newClientBody = newClientSchema
  .extend({
    name: shape.name.openapi({
      description: "The name that users see when they are asked for consent",
      example: "Nightly export",
    }),
    scope: shape.scope.openapi({
      type: "string",
      example: "queue:send queue:receive",
      description: `What its tokens may be used for at most, separated by spaces: ${scopeNames.join(", ")}`,
    }),
    redirectUris: shape.redirectUris.openapi({
      description: "Where users are sent back to after consent; at most 10, none by default",
    }),
    confidential: shape.confidential.openapi({
      description: "Whether the client can keep a secret; false for a native or browser app",
    }),
  })
  .openapi("NewClient");

const clientSchema = z
  .object({
    id: z.uuid().openapi({ description: "The `client_id`" }),
    name: z.string().openapi({ description: "The name that users see when they are asked for consent" }),
    scope: z.string().openapi({ description: "What its tokens may be used for at most, separated by spaces" }),
    redirectUris: z.array(z.string()).openapi({ description: "Where users are sent back to after consent" }),
    confidential: z.boolean().openapi({ description: "Whether it has a secret" }),
    createdAt: z.iso.datetime().openapi({ description: "When it was created" }),
  })
  .openapi("Client");
const createdClientSchema = clientSchema
  .extend({
    secret: z
      .string()
      .nullable()
      .openapi({ description: "The `client_secret`, shown only once; null unless the client is confidential" }),
  })
  .openapi("AddedClient");
const clientsSchema = z
  .object({ clients: z.array(clientSchema).openapi({ description: "The API clients of the account" }) })
  .openapi("Clients");

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
        summary: "Create an API client",
        description: "Registers a program that acts for your account, or for the accounts that consent to it.",
        request: { ...noQuery, ...jsonBody(newClientBody) },
        responses: {
          201: jsonResponse(createdClientSchema, "API client created"),
          409: errorResponse("The account has 50 API clients, the maximum"),
        },
      }),
      async (c) => {
        const { account, keyed } = c.var;
        const { client, secret = null } = await auth.clients.add(account.id, c.req.valid("json"), actorOf(c), keyed);
        c.header("Cache-Control", "no-store");
        return c.json({ ...toJson(client), secret }, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("account:manage"),
        method: "get",
        path: "/clients",
        tags,
        summary: "List your API clients",
        description: "The newest first.",
        request: noQuery,
        responses: { 200: jsonResponse(clientsSchema, "All API clients of the account") },
      }),
      async (c) => {
        const clients = await auth.clients.list(c.var.account.id);
        c.header("Cache-Control", "no-store");
        return c.json({ clients: clients.map(toJson) }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("account:manage"),
        method: "delete",
        path: "/clients/{id}",
        tags,
        summary: "Delete an API client",
        description: "Its sessions and tokens end with it.",
        request: {
          ...noQuery,
          params: z.strictObject({
            id: z.uuid("must be a client's id").openapi({ description: "The id of the API client" }),
          }),
        },
        responses: {
          204: { description: "API client deleted" },
          404: errorResponse("API client not found"),
        },
      }),
      async (c) => {
        const removed = await auth.clients.remove(c.var.account.id, c.req.valid("param").id, actorOf(c));
        if (!removed) throw new Problem("not-found", "API client not found.");
        return c.body(null, 204);
      },
    );
}

function toJson({ id, name, scope, redirectUris, secretHash, createdAt }: ApiClient) {
  return { id, name, scope, redirectUris, confidential: secretHash !== null, createdAt: createdAt.toISOString() };
}
