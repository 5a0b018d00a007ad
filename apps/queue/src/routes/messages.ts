import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
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
import type { Deps } from "../deps.ts";
import { type ReceivedMessage, receive } from "../messages/receive.ts";
import { batchSchema, type MessageInput, messageSchema, sendMessages } from "../messages/send.ts";
import { integerField, queueNameSchema } from "../queues/settings.ts";
import { jsonTextResponse, readJsonText } from "./json-text.ts";
import { rawElements, rawMember } from "./raw-json.ts";

const tags = ["named queues"];
const params = z.strictObject({ name: queueNameSchema });
const maxBodyBytes = 1024 * 1024;

const sentSchema = z
  .object({ messages: z.array(z.object({ id: z.string(), duplicate: z.boolean() })) })
  .openapi("Sent");
const receiveSchema = z.strictObject({
  max: integerField(1, 100).default(1),
  waitSeconds: integerField(0, 20).default(0),
  visibilitySeconds: integerField(0, 43_200).optional(),
});
const receivedSchema = z
  .object({
    messages: z.array(
      z.object({
        id: z.string(),
        body: z.unknown().openapi({ description: "The value that was sent" }),
        receipt: z.string().openapi({ description: "Stands for this delivery in ack, nack and extend" }),
        receives: z.number().int().openapi({ description: "How often it was received, this time included" }),
        sentAt: z.iso.datetime(),
        leasedUntil: z.iso.datetime(),
        priority: z.number().int(),
        groupId: z.string().nullable(),
        deadLetterOf: z.string().nullable().openapi({ description: "The queue that it is a dead letter of" }),
      }),
    ),
  })
  .openapi("Received");
type Received = z.infer<typeof receivedSchema>;

/** Sending and receiving: `/queue/queues/{name}/messages` and `/receive`. */
export function addMessageRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  /** A queue that is created anew knows nothing of the requests to the one before. */
  const idempotencyScope = async (c: Context<ServiceEnv>) => {
    const name = queueNameSchema.safeParse(c.req.param("name"));
    return name.success ? deps.commands.incarnation(name.data) : "";
  };
  app.openAPIRegistry.register("Message", messageSchema);
  app.openAPIRegistry.register("MessageBatch", batchSchema);
  const bodySchema = {
    anyOf: [{ $ref: "#/components/schemas/Message" }, { $ref: "#/components/schemas/MessageBatch" }],
  };

  return app
    .openapi(
      createRoute({
        ...guard.account("queue:send", idempotent(deps.idempotency, idempotencyScope)),
        method: "post",
        path: "/queues/{name}/messages",
        tags,
        summary: "Send one message, or up to 100, all or none",
        request: {
          params,
          ...noQuery,
          ...unvalidatedJson<z.input<typeof messageSchema> | z.input<typeof batchSchema>>(bodySchema),
        },
        responses: {
          201: jsonResponse(sentSchema, "They are in the queue; an id for each, in the order given"),
          409: errorResponse("The queue is full, or a request with this Idempotency-Key is still under way"),
        },
      }),
      async (c) => {
        const { text, value } = await readJsonText(c.req, maxBodyBytes);
        const { name } = c.req.valid("param");
        const messages = await sendMessages(deps.commands, name, parseMessages(text, value), c.get("keyed"));
        return c.json({ messages }, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "post",
        path: "/queues/{name}/receive",
        tags,
        summary: "Lease messages, waiting for the first when there is none",
        request: { params, ...noQuery, ...jsonBody(receiveSchema) },
        responses: { 200: jsonResponse(receivedSchema, "The messages; none when none came in time") },
      }),
      async (c) => {
        const found = await receive(deps, c.req.valid("param").name, c.req.valid("json"), {
          signal: c.req.raw.signal,
          beginWaiting: () => beginWaiting(c),
        });
        return jsonTextResponse<Received, 200>(c, `{"messages":[${found.map(messageText).join(",")}]}`, 200);
      },
    );
}

/** The messages of a request: `{messages: […]}`, or one by itself; each body as the text that came. */
function parseMessages(text: string, value: unknown): MessageInput[] {
  if (typeof value === "object" && value !== null && Object.hasOwn(value, "messages")) {
    const { messages } = validate(batchSchema, value);
    const texts = rawElements(rawMember(text, "messages") ?? "[]");
    return messages.map((message, i) => withPayload(message, texts[i]));
  }
  return [withPayload(validate(messageSchema, value), text)];
}

function validate<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = inputFaults(parsed.error);
  const detail = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
  throw new Problem("unprocessable", detail, { errors });
}

function withPayload({ body: _, ...rest }: z.infer<typeof messageSchema>, text: string | undefined): MessageInput {
  return { ...rest, payload: (text === undefined ? undefined : rawMember(text, "body")) ?? "null" };
}

function messageText({ payload, ...rest }: ReceivedMessage): string {
  return `${JSON.stringify(rest).slice(0, -1)},"body":${payload}}`;
}
