import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  errorResponse,
  idempotent,
  jsonResponse,
  noQuery,
  Problem,
  type ServiceEnv,
  unvalidatedJson,
} from "@quintet/http";
import type { Deps } from "../deps.ts";
import { maxMessageBytes } from "../messages/send.ts";
import { jsonTextResponse, readJsonText, rejectBody, rejectedBodyResponses } from "./json-text.ts";

const tags = ["queue"];
const anyJson = { description: "Any JSON value", example: { order: 17 } };

const pushedSchema = z.object({ status: z.literal("ok"), id: z.string() }).openapi("Pushed");
const poppedSchema = z
  .object({
    status: z.literal("ok"),
    id: z.string().optional().openapi({ description: "Left out when the queue is empty" }),
    message: z.unknown().openapi({ description: "The value that was pushed; null when the queue is empty" }),
    detail: z.string().optional(),
  })
  .openapi("Popped");
type Popped = z.infer<typeof poppedSchema>;

const empty = JSON.stringify({ status: "ok", message: null, detail: "The queue is empty" });

/** The queue of push and pop: first in, first out, and what is popped is gone. */
export function addSimpleQueueRoutes(app: OpenAPIHono<ServiceEnv>, { auth, idempotency, simple }: Deps) {
  const guard = guards(auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("queue:send", idempotent(idempotency)),
        method: "post",
        path: "/push",
        tags,
        summary: "Add any JSON value at the end",
        request: { ...noQuery, ...unvalidatedJson<unknown>(anyJson) },
        responses: {
          201: jsonResponse(pushedSchema, "It is in the queue"),
          409: errorResponse("The queue is full, or a request with this Idempotency-Key is still in flight"),
        },
      }),
      async (c) => {
        const { text } = await readJsonText(c.req, maxMessageBytes);
        const id = await simple.push(text, c.get("keyed"));
        if (id === undefined)
          throw new Problem("conflict", "The queue is full. Pop from it, or let it be made larger.");
        return c.json({ status: "ok" as const, id }, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "post",
        path: "/pop",
        tags,
        summary: "Take the first value away",
        request: noQuery,
        responses: {
          200: jsonResponse(poppedSchema, "The value, or null when the queue is empty"),
          ...rejectedBodyResponses,
        },
      }),
      async (c) => {
        await rejectBody(c.req);
        const popped = await simple.pop();
        const text = popped ? `{"status":"ok","id":"${popped.id}","message":${popped.payload}}` : empty;
        return jsonTextResponse<Popped, 200>(c, text, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:read"),
        method: "get",
        path: "/count",
        tags,
        summary: "How many values there are",
        request: noQuery,
        responses: { 200: jsonResponse(z.object({ count: z.number().int() }), "How many") },
      }),
      async (c) => c.json({ count: await simple.count() }, 200),
    );
}
