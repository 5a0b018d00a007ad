import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, htmlContent, idempotent, jsonResponse, noQuery, Problem, type ServiceEnv } from "@quintet/http";
import { type PageFrame, prefersHtml, sendPage } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { accessKeysPage } from "../pages/list-pages.ts";
import { maxAccessKeys } from "../sqs/access-keys/access-keys.ts";
import { rejectBody, rejectedBodyResponses } from "./json-text.ts";

const tags = ["Amazon SQS"];

const accessKeyId = z
  .string()
  .regex(/^[A-Z0-9]{20}$/, "must be 20 capital letters and digits")
  .describe("Id of the key, for `AWS_ACCESS_KEY_ID`")
  .meta({ example: "QKEXAMPLE7EXAMPLE234" });
const createdAt = z.iso.datetime().describe("When the key was created");
const newKeySchema = z
  .object({
    accessKeyId,
    secretAccessKey: z.string().describe("Secret of the key, for `AWS_SECRET_ACCESS_KEY`; it is never shown again"),
    createdAt,
  })
  .openapi("NewAccessKey");
const keySchema = z
  .object({
    accessKeyId,
    createdAt,
    lastUsedAt: z.iso
      .datetime()
      .nullable()
      .describe("When it last signed a request, to the minute; null if it never did"),
  })
  .openapi("AccessKey");
const keysSchema = z
  .object({ accessKeys: z.array(keySchema).describe("The keys, the oldest first") })
  .openapi("AccessKeys");

/** Adds the routes of the access keys, which sign requests to the SQS protocol: `/queue/access-keys`. */
export function addAccessKeyRoutes(
  app: OpenAPIHono<ServiceEnv>,
  { auth, accessKeys, idempotency }: Deps,
  frame: PageFrame,
) {
  const guard = guards(auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("all", idempotent(idempotency)),
        method: "post",
        path: "/access-keys",
        tags,
        summary: "Create an access key",
        description:
          `Creates a key that signs requests to the SQS protocol and acts for your account. An account has at most ${maxAccessKeys}. ` +
          "The response is the only one with its secret; a request with the same `Idempotency-Key` gets it again.",
        request: noQuery,
        responses: {
          201: jsonResponse(newKeySchema, "Key created"),
          409: errorResponse(
            "The account has as many keys as it may have, or a request with this Idempotency-Key is in flight or its key was deleted",
          ),
          ...rejectedBodyResponses,
        },
      }),
      async (c) => {
        await rejectBody(c.req);
        const created = await accessKeys.create(c.get("account").id, c.get("keyed"));
        c.header("Cache-Control", "no-store");
        return c.json(created, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("all"),
        method: "get",
        path: "/access-keys",
        tags,
        summary: "List your access keys",
        description: "Lists the keys of your account, without their secrets. `Accept: text/html` gets a page.",
        request: noQuery,
        responses: {
          200: { description: "Your keys", content: { ...jsonResponse(keysSchema, "").content, ...htmlContent } },
        },
      }),
      async (c) => {
        c.header("Cache-Control", "no-store");
        const keys = await accessKeys.list(c.get("account").id);
        if (!prefersHtml(c.req.header("accept"), false)) return c.json({ accessKeys: keys }, 200);
        return sendPage(c, frame, { title: "Access keys", body: accessKeysPage(keys) });
      },
    )
    .openapi(
      createRoute({
        ...guard.account("all"),
        method: "delete",
        path: "/access-keys/{id}",
        tags,
        summary: "Delete an access key",
        description: "Deletes a key of your account. Two seconds later no process accepts it any more.",
        request: { params: z.strictObject({ id: accessKeyId }), ...noQuery },
        responses: { 204: { description: "Key deleted" } },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const removed = await accessKeys.remove(c.get("account").id, id);
        if (!removed) throw new Problem("not-found", `Access key ${id} not found.`);
        return c.body(null, 204);
      },
    );
}
