import { randomUUID } from "node:crypto";
import { type KeyedRequest, Problem } from "@quintet/http";
import { z } from "zod";
import type { CommandsOfCaller, OneOfSeries, SentMessage } from "../commands/queue-commands.ts";
import { queueNotFound } from "../queue-errors.ts";
import { integerField, isFifoQueue } from "../queues/settings.ts";
import { attributesSchema } from "./attributes.ts";
import { type Attributes, pack } from "./packed.ts";

/** The max size of a message: bytes of its JSON text with that of its attributes. */
export const maxMessageBytes = 1024 * 1024;
/** The longest delay of a message: 90 days, in seconds. */
export const maxDelaySeconds = 7_776_000;

/** An id of a group, a tenant or a deduplication. */
export const tagSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, "must be 1 to 128 printable ASCII characters without spaces");

/** One message to send. */
export const messageSchema = z
  .strictObject({
    body: z
      .unknown()
      .describe("The message: any JSON value of at most 1 MiB")
      .meta({ example: { order: 1001 } }),
    delaySeconds: integerField(0, maxDelaySeconds)
      .optional()
      .describe("Time until the message can be received, in seconds; the setting of the queue by default"),
    sendAt: z.iso
      .datetime({ offset: true, error: "must be a time of ISO 8601 with a zone, such as 2030-01-31T08:00:00Z" })
      .optional()
      .describe("When the message can first be received, at most 90 days ahead; instead of delaySeconds"),
    attributes: attributesSchema
      .optional()
      .describe("Up to 10 attributes by name; a text, a number, or a type and a value")
      .meta({ example: { source: "shop" } }),
    dedupeId: tagSchema
      .optional()
      .describe(
        "Deduplication id: for 5 minutes, or as long as the queue is set to, another message with it is not added. 1 to 128 printable ASCII characters",
      )
      .meta({ example: "order-1001-paid" }),
    groupId: tagSchema
      .optional()
      .describe(
        "Messages of a group are delivered in order, one at a time; required in a .fifo queue, which delivers several together. 1 to 128 printable ASCII characters",
      )
      .meta({ example: "customer-7" }),
    tenantId: tagSchema
      .optional()
      .describe(
        "Whom the message belongs to: a tenant with many messages does not make those of others wait, and blocks nothing. 1 to 128 printable ASCII characters",
      )
      .meta({ example: "shop-12" }),
    priority: integerField(0, 9).default(0).describe("Messages with a higher priority are received first"),
  })
  .refine((message) => Object.hasOwn(message, "body"), { path: ["body"], message: "is required" })
  .superRefine(({ sendAt, delaySeconds }, context) => {
    if (sendAt === undefined) return;
    const refuse = (message: string) => context.addIssue({ code: "custom", path: ["sendAt"], message });
    if (delaySeconds !== undefined) refuse("must not be given together with delaySeconds");
    if (Date.parse(sendAt) > Date.now() + maxDelaySeconds * 1000) refuse("must be at most 90 days ahead");
  });

const batchMessage = "must be a list of 1 to 100 messages";

/** Several messages to send, all or none. */
export const batchSchema = z.strictObject({
  messages: z
    .array(messageSchema, { error: batchMessage })
    .min(1, batchMessage)
    .max(100, batchMessage)
    .describe("1 to 100 messages"),
});

/** A message to send; `payload` is the JSON text of its body. */
export interface MessageInput {
  payload: string;
  attributes?: Attributes | undefined;
  delaySeconds?: number | undefined;
  /** When it can first be received, ISO 8601. */
  sendAt?: string | undefined;
  dedupeId?: string | undefined;
  groupId?: string | undefined;
  tenantId?: string | undefined;
  priority: number;
}

/**
 * Sends messages, all or none, once for a keyed request. Throws 404 when the queue does not exist, 409 when it is full, 413 when a message
 * is too large.
 */
export async function sendMessages(
  commands: CommandsOfCaller,
  queue: string,
  inputs: MessageInput[],
  request?: KeyedRequest | OneOfSeries,
): Promise<Omit<SentMessage, "number">[]> {
  if (isFifoQueue(queue)) requireGroups(inputs);
  const messages = inputs.map((input) => ({
    id: randomUUID(),
    payload: checkSize(pack(input.attributes, input.payload)),
    delayMs: input.delaySeconds === undefined ? undefined : input.delaySeconds * 1000,
    sendAt: input.sendAt === undefined ? undefined : Date.parse(input.sendAt),
    dedupeId: input.dedupeId ?? "",
    groupId: input.groupId ?? "",
    tenantId: input.tenantId ?? "",
    priority: input.priority,
  }));
  const sent = (await commands.send(queue, messages, request)) ?? queueNotFound(queue);
  if (typeof sent === "string") throw new Problem("conflict", `The queue is full: it has reached its ${sent}.`);
  return sent.map(({ id, duplicate }) => ({ id, duplicate }));
}

function requireGroups(inputs: MessageInput[]): void {
  const message = "is required in a .fifo queue";
  const errors = inputs.flatMap(({ groupId }, i) =>
    groupId === undefined ? [{ path: inputs.length === 1 ? "groupId" : `messages.${i}.groupId`, message }] : [],
  );
  if (errors.length > 0) throw new Problem("unprocessable", `groupId ${message}.`, { errors });
}

function checkSize(payload: string): string {
  if (payload.length > maxMessageBytes || Buffer.byteLength(payload) > maxMessageBytes) {
    throw new Problem("payload-too-large", `A message is larger than ${maxMessageBytes} bytes.`);
  }
  return payload;
}
