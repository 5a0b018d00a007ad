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
import type { Refusal } from "../commands/simple-commands.ts";
import type { Deps } from "../deps.ts";
import { maxMessageBytes } from "../messages/send.ts";
import { jsonTextOf, jsonTextResponse, rejectBody, rejectedBodyResponses } from "./json-text.ts";
import { limitResponse } from "./schemas.ts";

const tags = ["queue"];
const pushedSchema = z
  .object({
    status: z.literal("ok").openapi({ description: "Always `ok`" }),
    id: z.string().describe("Id of the message (UUID)"),
  })
  .openapi("PushResult", { description: "The message that was pushed" });
const poppedSchema = z
  .object({
    status: z.literal("ok").openapi({ description: "Always `ok`" }),
    id: z.string().optional().describe("Id of the message; absent when the queue is empty"),
    message: z.unknown().openapi({ description: "The value that was pushed; null when the queue is empty" }),
    detail: z.string().optional().describe("Present when the queue is empty, and says so"),
  })
  .openapi("PopResult", { description: "The message that was popped" });
const countSchema = z
  .object({ count: z.number().int().describe("Number of messages") })
  .openapi("MessageCount", { description: "The length of the simple queue" });
type PushResult = z.infer<typeof pushedSchema>;
type Popped = z.infer<typeof poppedSchema>;

const empty = JSON.stringify({ status: "ok", message: null, detail: "The queue is empty" });

/** What a refused push may wait for, in seconds: that others pop its account's messages. */
const retrySeconds = "10";

function refusalProblem(refusal: Refusal): Problem {
  if (refusal === "full") return new Problem("conflict", "The queue is full. Pop messages first, or raise its limits.");
  const [what, setting] =
    refusal === "account-messages"
      ? ["number of messages", "SIMPLE_QUEUE_ACCOUNT_MAX_MESSAGES"]
      : ["bytes of messages", "SIMPLE_QUEUE_ACCOUNT_MAX_BYTES"];
  return new Problem(
    "too-many-requests",
    `This account has its max ${what} in the queue (${setting}). Pop messages first.`,
    { headers: { "Retry-After": retrySeconds } },
  );
}

/** Adds the routes of the simple queue: first in, first out; a popped message is removed. */
export function addSimpleQueueRoutes(app: OpenAPIHono<ServiceEnv>, { auth, idempotency, simple }: Deps) {
  const guard = guards(auth);
  const anyJson = app.openAPIRegistry.registerComponent("schemas", "JsonValue", {
    description: "Any JSON value",
    example: { order: 17 },
  });

  return app
    .openapi(
      createRoute({
        ...guard.account("queue:send", idempotent(idempotency)),
        method: "post",
        path: "/push",
        tags,
        summary: "Push a message",
        description:
          "Adds a message, any JSON value of at most 1 MiB, at the end of the simple queue. A pop returns it exactly as it was pushed.",
        request: { ...noQuery, ...unvalidatedJson<unknown>(anyJson.ref) },
        responses: {
          201: jsonResponse(pushedSchema, "Message pushed"),
          409: errorResponse("The queue is full, or a request with this Idempotency-Key is in flight"),
          429: limitResponse("The account has its max number of messages, or of bytes, in the queue"),
        },
      }),
      async (c) => {
        const { text } = jsonTextOf(c, maxMessageBytes);
        const account = c.get("account");
        const pushed = await simple.of(account).push(text, account, c.get("keyed"));
        if ("refused" in pushed) throw refusalProblem(pushed.refused);
        return jsonTextResponse<PushResult, 201>(c, `{"status":"ok","id":"${pushed.id}"}`, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "post",
        path: "/pop",
        tags,
        summary: "Pop a message",
        description:
          "Removes and returns the first message of the simple queue. It is removed before the response is sent: if the response is lost, so " +
          "is the message. Named queues have leases instead.",
        request: noQuery,
        responses: {
          200: jsonResponse(poppedSchema, "The message, or null when the queue is empty"),
          ...rejectedBodyResponses,
        },
      }),
      async (c) => {
        const rejecting = rejectBody(c.req);
        if (rejecting) await rejecting;
        const popped = await simple.of(c.get("account")).pop();
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
        summary: "Count messages",
        description: "Gets the number of messages in the simple queue.",
        request: noQuery,
        responses: { 200: jsonResponse(countSchema, "The number of messages") },
      }),
      async (c) => c.json({ count: await simple.of(c.get("account")).count() }, 200),
    );
}
