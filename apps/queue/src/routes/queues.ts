import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  cursorParam,
  decodeCursor,
  encodeCursor,
  errorResponse,
  htmlContent,
  jsonBody,
  jsonResponse,
  limitParam,
  never404,
  noQuery,
  type ServiceEnv,
} from "@quintet/http";
import { type PageFrame, prefersHtml } from "@quintet/pages";
import { callerOf } from "../commands/caller.ts";
import type { Deps } from "../deps.ts";
import { home } from "../pages/frame.ts";
import { getAccess, putAccess } from "../queues/access.ts";
import { deleteQueue, getQueue, listQueues, purgeQueue, putQueue } from "../queues/queues.ts";
import { queueNameSchema, withDefaults } from "../queues/settings.ts";
import { rejectBody, rejectedBodyResponses } from "./json-text.ts";
import {
  accessPutSchema,
  accessSchema,
  limitResponse,
  queueParams as params,
  queueDetailsSchema,
  queueListSchema,
  queueSettingsSchema,
} from "./schemas.ts";
import { sendQueue } from "./view-pages.ts";

const tags = ["named queues"];
const listQuery = z.strictObject({
  limit: limitParam(50).describe("Max number of queues on the page, 1 to 100; 50 by default"),
  cursor: cursorParam,
});

/** Adds the routes that manage named queues: `/queue/queues`, `/queue/queues/{name}` and `/purge`. */
export function addQueueRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("queue:read"),
        method: "get",
        path: "/queues",
        tags,
        summary: "List queues",
        description:
          "Lists the named queues that the account has a right to by name, with their settings and counts. A page may have fewer than `limit` " +
          "queues before the last one. `Accept: text/html` leads to the page at `/queue`.",
        request: { query: listQuery },
        responses: {
          200: jsonResponse(queueListSchema, "One page of queues"),
          303: { description: "A browser is sent to the page of all queues" },
        },
      }),
      async (c) => {
        if (prefersHtml(c.req.header("accept"), false)) return c.redirect(home, 303);
        const { limit, cursor } = c.req.valid("query");
        const after = decodeCursor(deps.cursorKey, cursor, queueNameSchema);
        const { queues, broken, last } = await listQueues(deps, { limit, after }, callerOf(c.get("account")));
        const nextCursor = last === undefined ? null : encodeCursor(deps.cursorKey, last);
        return c.json({ queues: queues.map(({ moving: _, ...queue }) => queue), broken, nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.manager("queue:manage"),
        [never404]: true as const,
        method: "put",
        path: "/queues/{name}",
        tags,
        summary: "Create a queue or replace its settings",
        description:
          "A new queue belongs to the account and is private; one that staff creates is open to all accounts and managed by staff. The " +
          "request has all settings: one that is left out is reset to its default. The dead-letter queue must exist, and the account must " +
          "have the right to send to it. 403: another queue of this name exists. 429: the account owns the max number of queues.",
        request: { params, ...noQuery, ...jsonBody(queueSettingsSchema) },
        responses: {
          200: jsonResponse(queueDetailsSchema, "Settings replaced"),
          201: jsonResponse(queueDetailsSchema, "Queue created"),
          429: limitResponse("The account owns its max number of queues"),
        },
      }),
      async (c) => {
        const { name } = c.req.valid("param");
        const caller = callerOf(c.get("account"));
        const created = await putQueue(deps, name, withDefaults(c.req.valid("json")), caller);
        const queue = await getQueue(deps, name, caller);
        if (!created) return c.json(queue, 200);
        c.header("Location", c.req.path);
        return c.json(queue, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:read"),
        method: "get",
        path: "/queues/{name}",
        tags,
        summary: "Get a queue",
        description:
          "Gets the settings of a queue, the number of its messages by state, and its counters. `Accept: text/html` gets a page.",
        request: { params, ...noQuery },
        responses: {
          200: {
            description: "The queue",
            content: { ...jsonResponse(queueDetailsSchema, "").content, ...htmlContent },
          },
        },
      }),
      async (c) => {
        const { name } = c.req.valid("param");
        if (prefersHtml(c.req.header("accept"), false)) return sendQueue(c, deps, frame, name);
        return c.json(await getQueue(deps, name, callerOf(c.get("account"))), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:read"),
        method: "get",
        path: "/queues/{name}/access",
        tags,
        summary: "Get the access to a queue",
        description: "Gets the owner of a queue and the rights of others. For accounts with any right to the queue.",
        request: { params, ...noQuery },
        responses: { 200: jsonResponse(accessSchema, "The access") },
      }),
      async (c) => c.json(await getAccess(deps, c.req.valid("param").name, callerOf(c.get("account"))), 200),
    )
    .openapi(
      createRoute({
        ...guard.manager("queue:manage"),
        method: "put",
        path: "/queues/{name}/access",
        tags,
        summary: "Set the access to a queue",
        description:
          "For accounts with the right `manage`. Replaces the rights of others: a list that is left out is empty. The owner and staff always " +
          "have all rights. A right that is taken away ends at once, also for receivers that wait; leases that are held run out.",
        request: { params, ...noQuery, ...jsonBody(accessPutSchema) },
        responses: { 200: jsonResponse(accessSchema, "Access replaced") },
      }),
      async (c) => {
        const { name } = c.req.valid("param");
        return c.json(await putAccess(deps, name, c.req.valid("json"), callerOf(c.get("account"))), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.manager("queue:manage"),
        method: "delete",
        path: "/queues/{name}",
        tags,
        summary: "Delete a queue",
        description:
          "For accounts with the right `manage`. Deletes the queue with all its messages. Messages that are being transferred to another queue are delivered first.",
        request: { params, ...noQuery },
        responses: {
          204: { description: "Queue deleted" },
          409: errorResponse("It is the dead-letter queue of another queue"),
        },
      }),
      async (c) => {
        await deleteQueue(deps, c.req.valid("param").name, callerOf(c.get("account")));
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.manager("queue:manage"),
        method: "post",
        path: "/queues/{name}/purge",
        tags,
        summary: "Purge a queue",
        description:
          "For accounts with the right `manage`. Deletes all messages of the queue, also delayed and leased ones.",
        request: { params, ...noQuery },
        responses: { 204: { description: "Messages deleted" }, ...rejectedBodyResponses },
      }),
      async (c) => {
        await rejectBody(c.req);
        await purgeQueue(deps, c.req.valid("param").name, callerOf(c.get("account")));
        return c.body(null, 204);
      },
    );
}
