import { createRoute, type OpenAPIHono, type z } from "@hono/zod-openapi";
import { type AccountEnv, guards } from "@quintet/auth";
import {
  beginWaiting,
  errorResponse,
  idempotent,
  inputFaults,
  jsonBody,
  jsonResponse,
  noQuery,
  Problem,
  type ServiceEnv,
  unvalidatedJson,
} from "@quintet/http";
import type { Context } from "hono";
import { callerOf } from "../commands/caller.ts";
import type { Deps } from "../deps.ts";
import { type ReceivedMessage, receive } from "../messages/receive.ts";
import { batchSchema, type MessageInput, messageSchema, sendMessages } from "../messages/send.ts";
import { queueNameSchema } from "../queues/settings.ts";
import { jsonTextResponse, readJsonText } from "./json-text.ts";
import { rawElements, rawMember } from "./raw-json.ts";
import {
  limitResponse,
  queueParams as params,
  type ReceivedMessages,
  receivedSchema,
  receiveInputSchema,
  sendInputSchemas,
  sentSchema,
} from "./schemas.ts";

const tags = ["named queues"];
/** The max size of a request that sends messages. */
export const maxBodyBytes = 4 * 1024 * 1024;

/** Adds the routes that send and receive messages: `/queue/queues/{name}/messages` and `/receive`. */
export function addMessageRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  const commandsFor = (c: Context<AccountEnv>) => deps.commands.as(callerOf(c.get("account")));
  /** Idempotency keys are kept for each incarnation of a queue: a queue that was created again knows none of the earlier ones. */
  const idempotencyScope = async (c: Context<ServiceEnv>) => {
    const name = queueNameSchema.safeParse(c.req.param("name"));
    return name.success ? deps.commands.incarnation(name.data) : "";
  };
  for (const [name, schema] of Object.entries(sendInputSchemas)) app.openAPIRegistry.register(name, schema);
  const sendInput = app.openAPIRegistry.registerComponent("schemas", "SendInput", {
    description: "One message, or up to 100",
    anyOf: Object.keys(sendInputSchemas).map((name) => ({ $ref: `#/components/schemas/${name}` })),
  });

  return app
    .openapi(
      createRoute({
        ...guard.account("queue:send", idempotent(deps.idempotency, idempotencyScope)),
        method: "post",
        path: "/queues/{name}/messages",
        tags,
        summary: "Send messages",
        description:
          "Sends one message, or up to 100 in `messages`: all are added or none. A message has at most 1 MiB of JSON text with its " +
          "attributes, the request at most 4 MiB.",
        request: {
          params,
          ...noQuery,
          ...unvalidatedJson<z.input<typeof messageSchema> | z.input<typeof batchSchema>>(sendInput.ref),
        },
        responses: {
          201: jsonResponse(sentSchema, "Messages sent"),
          409: errorResponse(
            "The queue has reached its maxLength or maxBytes, or a request with this Idempotency-Key is in flight",
          ),
          429: limitResponse(
            "The account that owns the queue has its max number of messages, or of bytes, in its queues",
          ),
        },
      }),
      async (c) => {
        const { text, value } = await readJsonText(c.req, maxBodyBytes);
        const { name } = c.req.valid("param");
        const sending = sendMessages(commandsFor(c), name, parseMessages(text, value), c.get("keyed"));
        deps.waiting.serve(name);
        return c.json({ messages: await sending }, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "post",
        path: "/queues/{name}/receive",
        tags,
        summary: "Receive messages",
        description:
          "Leases up to `max` messages to the caller, in the order of the queue. When none is ready, waits up to `waitSeconds` for the first " +
          "(long polling). The messages of one response have at most 4 MiB, unless the first one alone is larger. Ack a message to delete it.",
        request: { params, ...noQuery, ...jsonBody(receiveInputSchema) },
        responses: { 200: jsonResponse(receivedSchema, "The messages; an empty list when none arrived in time") },
      }),
      async (c) => {
        const own = { ...deps, commands: commandsFor(c) };
        const found = await receive(own, c.req.valid("param").name, c.req.valid("json"), {
          signal: c.req.raw.signal,
          beginWaiting: () => beginWaiting(c),
        });
        return jsonTextResponse<ReceivedMessages, 200>(c, `{"messages":[${found.map(messageText).join(",")}]}`, 200);
      },
    );
}

/** The messages of a request: `{messages: […]}`, or a single one; each body as the JSON text of the request. */
function parseMessages(text: string, value: unknown): MessageInput[] {
  if (typeof value === "object" && value !== null && Object.hasOwn(value, "messages")) {
    const { messages } = isBareBatch(value) ? value : validate(batchSchema, value);
    const texts = rawElements(rawMember(text, "messages") ?? "[]");
    return messages.map((message, i) => withPayload(message, texts[i]));
  }
  return [withPayload(validate(messageSchema, value), text)];
}

/** Whether these are 1 to 100 messages of a body alone, which the schema would accept: most are, and it takes longer than all else. */
function isBareBatch(value: object): value is { messages: { body: unknown }[] } {
  const { messages, ...others } = value as { messages: unknown };
  if (!Array.isArray(messages) || messages.length === 0 || messages.length > 100) return false;
  return Object.keys(others).length === 0 && messages.every(isBare);
}

function isBare(message: unknown): boolean {
  if (typeof message !== "object" || message === null || Array.isArray(message)) return false;
  const names = Object.keys(message);
  return names.length === 1 && names[0] === "body";
}

/** The value of a body; throws 422 with what is wrong. */
export function validate<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = inputFaults(parsed.error);
  const detail = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
  throw new Problem("unprocessable", detail, { errors });
}

/** A message with its body as the JSON text of the request. */
export function withPayload(
  { body: _, ...rest }: Partial<z.infer<typeof messageSchema>>,
  text: string | undefined,
): MessageInput {
  return { priority: 0, ...rest, payload: (text === undefined ? undefined : rawMember(text, "body")) ?? "null" };
}

/** The JSON text of a received message; its body is the text that was sent. */
export function messageText(message: ReceivedMessage): string {
  const { id, receipt, receives, sentAt, firstReceivedAt, leasedUntil, priority, sender, number } = message;
  const text = (value: string | null) => (value === null ? "null" : JSON.stringify(value));
  // Only the texts of users need to be escaped.
  return (
    `{"id":"${id}","receipt":"${receipt}","receives":${receives},"sentAt":"${sentAt}","firstReceivedAt":"${firstReceivedAt}",` +
    `"leasedUntil":"${leasedUntil}","priority":${priority},"groupId":${text(message.groupId)},"tenantId":${text(message.tenantId)},` +
    `"dedupeId":${text(message.dedupeId)},"sender":${sender},"number":${number},"deadLetterOf":${text(message.deadLetterOf)},` +
    `"attributes":${message.attributes || "{}"},"body":${message.payload}}`
  );
}
