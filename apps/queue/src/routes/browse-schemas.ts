import { z } from "@hono/zod-openapi";
import { cursorParam, limitParam, wholeNumber } from "@quintet/http";
import { messageStates } from "../commands/browse-commands.ts";
import { tagSchema } from "../messages/send.ts";
import { integerField } from "../queues/settings.ts";
import { queueParams } from "./schemas.ts";

const count = z.number().int();
const time = z.iso.datetime();

/** A queue and a message in a path. */
export const messageParams = queueParams.extend({
  id: z.string().min(1).max(100).describe("Id of the message, as the send returned it"),
});

const attributeText = z
  .string()
  .max(2000, "must have at most 2,000 characters")
  .regex(/^[A-Za-z0-9_.-]{1,256}:/, "must be the name of an attribute, a colon, and its value");

/** The query of a list of messages. */
export const listMessagesQuery = z.strictObject({
  state: z.enum(messageStates).optional().describe("Only messages in this state; all by default"),
  id: z.string().min(1).max(100).optional().describe("Only the message with this id"),
  groupId: tagSchema.optional().describe("Only messages of this group"),
  tenantId: tagSchema.optional().describe("Only messages of this tenant"),
  attribute: attributeText
    .transform((text) => ({ name: text.slice(0, text.indexOf(":")), value: text.slice(text.indexOf(":") + 1) }))
    .optional()
    .meta({
      type: "string",
      description:
        "Only messages with this attribute: `name:value`. A value is compared as text, that of a binary attribute in base64",
      example: "customer:7",
    }),
  maxBodyBytes: wholeNumber(0, 1_048_576)
    .optional()
    .meta({
      type: "integer",
      description:
        "Bodies of more bytes are left out: `body` is null, `truncated` is true, and `bodyStart` has the first bytes. By default every body " +
        "is complete",
    }),
  limit: limitParam(50).describe("Max number of messages on the page, 1 to 100; 50 by default"),
  cursor: cursorParam,
});

export const postponeInputSchema = z
  .strictObject({
    delaySeconds: integerField(0, 7_776_000).describe("Time from now until the message can be received, in seconds"),
  })
  .openapi("PostponeInput", { description: "When a message can be received" });

const attributeSchema = z.object({
  type: z.string().describe("`String`, `Number` or `Binary`, possibly with a suffix, as in `Number.int`"),
  value: z.string().describe("The value as text; base64 for a binary value"),
});

export const storedMessageSchema = z
  .object({
    id: z.string().describe("Id of the message (UUID)"),
    state: z.enum(messageStates).openapi({
      description:
        "`ready`: can be received. `blocked`: waits for an earlier message of its group. `delayed`: its delay has not ended. `leased`: was " +
        "received, and its lease has not ended. `dead`: was received too often, and the queue has no dead-letter queue. `moving`: is " +
        "being transferred to another queue",
    }),
    sentAt: time.describe("When the message was sent"),
    availableAt: time
      .nullable()
      .describe("Since when, or when at the earliest, it can be received; null when it is leased, dead or moving"),
    leasedUntil: time.nullable().describe("End of its lease; null when it is not leased"),
    receives: count.describe("How often the message was received"),
    firstReceivedAt: time.nullable().describe("When it was received first; null when it never was"),
    priority: count.describe("Priority of the message, 0 to 9; a higher one is received first"),
    groupId: z.string().nullable().describe("Group of the message; null without one"),
    tenantId: z.string().nullable().describe("Tenant of the message; null without one"),
    sender: z.number().int().nullable().describe("Id of the account that sent it; null when it is not known"),
    dedupeId: z.string().nullable().describe("Deduplication id of the message; null without one"),
    deadLetterOf: z.string().nullable().describe("The queue that the message is a dead letter of; null for others"),
    deadLetterPath: z.array(z.string()).describe("All queues that it was dead-lettered from, the first one first"),
    bytes: count.describe("Bytes of the message with its attributes, as stored"),
    truncated: z.boolean().describe("Whether the body is left out because it has more than `maxBodyBytes`"),
    bodyStart: z.string().nullable().describe("The first bytes of the JSON text of a body that is left out; else null"),
    attributes: z.record(z.string(), attributeSchema).describe("Attributes of the message, by name"),
    body: z.unknown().openapi({ description: "The JSON value that was sent; null when it is left out" }),
  })
  .openapi("StoredMessage", { description: "A message as it is in its queue" });
export type StoredMessageView = z.infer<typeof storedMessageSchema>;

export const storedMessagesSchema = z
  .object({
    messages: z.array(storedMessageSchema).describe("The messages of this page; possibly none"),
    nextCursor: z.string().nullable().describe("`cursor` of the next page; null on the last page"),
  })
  .openapi("StoredMessages", { description: "One page of messages of a queue" });
export type StoredMessages = z.infer<typeof storedMessagesSchema>;

const positionSchema = z.tuple([z.string(), z.number(), z.string(), z.string()]);

/** A position of this list: a cursor of another list is invalid. */
export function positionIn(list: string) {
  return positionSchema
    .refine(([of]) => of === list)
    .transform(([, ...position]): [number, string, string] => position);
}
