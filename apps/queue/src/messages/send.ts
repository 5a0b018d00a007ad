import { randomUUID } from "node:crypto";
import { type KeyedRequest, Problem } from "@quintet/http";
import { z } from "zod";
import type { CommandsOfCaller, SentMessage } from "../commands/queue-commands.ts";
import { queueNotFound } from "../queue-errors.ts";
import { integerField } from "../queues/settings.ts";

/** The max size of a message: bytes of its JSON text. */
export const maxMessageBytes = 256 * 1024;

const tagSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, "must be 1 to 128 printable ASCII characters without spaces");

/** One message to send. */
export const messageSchema = z
  .strictObject({
    body: z
      .unknown()
      .describe("The message: any JSON value of at most 256 KiB")
      .meta({ example: { order: 1001 } }),
    delaySeconds: integerField(0, 900)
      .optional()
      .describe("Time until the message can be received, in seconds; the setting of the queue by default"),
    dedupeId: tagSchema
      .optional()
      .describe(
        "Deduplication id: for 5 minutes, another message with it is not added. 1 to 128 printable ASCII characters",
      )
      .meta({ example: "order-1001-paid" }),
    groupId: tagSchema
      .optional()
      .describe("Messages of a group are delivered one at a time, in order. 1 to 128 printable ASCII characters")
      .meta({ example: "customer-7" }),
    priority: integerField(0, 9).default(0).describe("Messages with a higher priority are received first"),
  })
  .refine((message) => Object.hasOwn(message, "body"), { path: ["body"], message: "is required" });

const batchMessage = "must be a list of 1 to 100 messages";

/** Several messages to send, all or none. */
export const batchSchema = z.strictObject({
  messages: z
    .array(messageSchema, { error: batchMessage })
    .min(1, batchMessage)
    .max(100, batchMessage)
    .describe("1 to 100 messages"),
});

/** A message to send; `payload` is its body, the JSON text of the request. */
export interface MessageInput {
  payload: string;
  delaySeconds?: number | undefined;
  dedupeId?: string | undefined;
  groupId?: string | undefined;
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
  request?: KeyedRequest,
): Promise<SentMessage[]> {
  const messages = inputs.map((input) => ({
    id: randomUUID(),
    payload: checkSize(input.payload),
    delayMs: input.delaySeconds === undefined ? undefined : input.delaySeconds * 1000,
    dedupeId: input.dedupeId ?? "",
    groupId: input.groupId ?? "",
    priority: input.priority,
  }));
  const sent = (await commands.send(queue, messages, request)) ?? queueNotFound(queue);
  if (sent === "full") throw new Problem("conflict", "The queue is full: it has reached its maxLength.");
  return sent;
}

function checkSize(payload: string): string {
  if (payload.length > maxMessageBytes || Buffer.byteLength(payload) > maxMessageBytes) {
    throw new Problem("payload-too-large", `A message is larger than ${maxMessageBytes} bytes.`);
  }
  return payload;
}
