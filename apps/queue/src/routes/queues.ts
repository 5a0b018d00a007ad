import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  decodeCursor,
  encodeCursor,
  errorResponse,
  jsonBody,
  jsonResponse,
  limitParam,
  never404,
  noQuery,
  type ServiceEnv,
} from "@quintet/http";
import type { Deps } from "../deps.ts";
import { deleteQueue, getQueue, listQueues, purgeQueue, putQueue } from "../queues/queues.ts";
import { queueNameSchema, settingsInputSchema, withDefaults } from "../queues/settings.ts";
import { rejectBody, rejectedBodyResponses } from "./json-text.ts";

const tags = ["named queues"];
const params = z.strictObject({ name: queueNameSchema });

const count = z.number().int();
const queueShape = {
  name: z.string(),
  visibilitySeconds: z.number(),
  maxReceives: z.number().nullable(),
  deadLetterQueue: z.string().nullable(),
  retentionSeconds: z.number(),
  delaySeconds: z.number(),
  maxLength: z.number().nullable(),
  createdAt: z.iso.datetime(),
  counts: z.object({ ready: count, blocked: count, delayed: count, leased: count, length: count }),
  flow: z
    .object({
      sent: count,
      received: count,
      acked: count,
      expired: count,
      purged: count,
      movedIn: count,
      movedOut: count,
    })
    .openapi({ description: "sent + movedIn = acked + expired + purged + movedOut + counts.length, at every moment" }),
};
const queueSchema = z.object(queueShape).openapi("Queue");
const oneQueueSchema = z
  .object({
    ...queueShape,
    deadLetters: count.nullable().openapi({ description: "Messages in its dead-letter queue; null without one" }),
  })
  .openapi("OneQueue");

/** The named queues themselves: `/queue/queues` and `/queue/queues/{name}`. */
export function addQueueRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("queue:read"),
        method: "get",
        path: "/queues",
        tags,
        summary: "The named queues by name",
        request: { query: z.strictObject({ limit: limitParam(50), cursor: z.string().optional() }) },
        responses: {
          200: jsonResponse(
            z.object({
              queues: z.array(queueSchema),
              broken: z
                .array(z.object({ name: z.string(), why: z.string() }))
                .openapi({ description: "Queues of this page that cannot be used, and why; all others can" }),
              nextCursor: z.string().nullable(),
            }),
            "A page of them",
          ),
        },
      }),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const after = cursor === undefined ? undefined : decodeCursor(deps.cursorKey, cursor, queueNameSchema);
        const { queues, broken, last } = await listQueues(deps, { limit, after });
        const nextCursor = last === undefined ? null : encodeCursor(deps.cursorKey, last);
        return c.json({ queues: queues.map(({ moving: _, ...queue }) => queue), broken, nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("queue:manage"),
        [never404]: true as const,
        method: "put",
        path: "/queues/{name}",
        tags,
        summary: "Make a queue, or replace its settings",
        request: { params, ...noQuery, ...jsonBody(settingsInputSchema) },
        responses: {
          200: jsonResponse(oneQueueSchema, "Its settings are replaced; one that was left out has its standard value"),
          201: jsonResponse(oneQueueSchema, "It is made"),
        },
      }),
      async (c) => {
        const { name } = c.req.valid("param");
        const created = await putQueue(deps, name, withDefaults(c.req.valid("json")));
        const queue = await getQueue(deps, name);
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
        summary: "One queue with its counts",
        request: { params, ...noQuery },
        responses: { 200: jsonResponse(oneQueueSchema, "The queue") },
      }),
      async (c) => c.json(await getQueue(deps, c.req.valid("param").name), 200),
    )
    .openapi(
      createRoute({
        ...guard.staff("queue:manage"),
        method: "delete",
        path: "/queues/{name}",
        tags,
        summary: "Remove a queue with all that is in it",
        request: { params, ...noQuery },
        responses: { 204: { description: "It is gone" }, 409: errorResponse("It is the dead-letter queue of another") },
      }),
      async (c) => {
        await deleteQueue(deps, c.req.valid("param").name);
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("queue:manage"),
        method: "post",
        path: "/queues/{name}/purge",
        tags,
        summary: "Remove every message of a queue",
        request: { params, ...noQuery },
        responses: { 204: { description: "It is empty" }, ...rejectedBodyResponses },
      }),
      async (c) => {
        await rejectBody(c.req);
        await purgeQueue(deps, c.req.valid("param").name);
        return c.body(null, 204);
      },
    );
}
