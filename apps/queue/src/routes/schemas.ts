import { z } from "@hono/zod-openapi";
import { errorResponse } from "@quintet/http";
import { receiptsSchema } from "../messages/leases.ts";
import { messageSchema, tagSchema } from "../messages/send.ts";
import { accessInputSchema } from "../queues/access.ts";
import { integerField, queueNameSchema, settingsInputSchema } from "../queues/settings.ts";

const count = z.number().int();
const time = z.iso.datetime();

/** The queue in a path. */
export const queueParams = z.strictObject({ name: queueNameSchema.describe("Name of the queue") });

export const queueSettingsSchema = settingsInputSchema.openapi("QueueSettings", {
  description: "All settings of a queue; one that is left out is set to its default",
});

const granteesSchema = z
  .array(z.union([z.enum(["everyone", "staff"]), z.number().int()]))
  .openapi({ example: ["staff", 17] });
const accessFields = {
  send: granteesSchema.describe("Who may send messages: `everyone`, `staff`, or ids of accounts"),
  receive: granteesSchema.describe("Who may receive and settle messages, look at them, and redrive"),
  manage: granteesSchema.describe("Who may change the settings and the access, purge and delete the queue"),
};
const owner = z.number().int().nullable().describe("Id of the account that owns the queue; null for a queue of staff");

export const accessSchema = z
  .object({ owner, ...accessFields })
  .openapi("QueueAccess", { description: "The owner of a queue and the rights of others; staff has all rights" });
export const accessPutSchema = accessInputSchema.openapi("QueueAccessInput", {
  description:
    "Who may do what with a queue, besides its owner and staff: `everyone`, `staff`, or ids of accounts. An account finds its id as `id` " +
    "at `GET /auth/me`. Whoever has one of the rights may read the settings and the counts.",
});

const countsSchema = z
  .object({
    ready: count.describe("Messages that can be received now"),
    blocked: count.describe("Messages that wait for an earlier message of their group"),
    delayed: count.describe("Messages whose delay has not ended"),
    leased: count.describe("Messages that were received and neither acked nor nacked, and whose lease has not ended"),
    dead: count.describe(
      "Messages that were received too often and stay in the queue, because it has no dead-letter queue",
    ),
    length: count.describe("All messages, including those being transferred to another queue"),
  })
  .openapi("QueueCounts", { description: "The number of messages in a queue, by state" });

const flowSchema = z
  .object({
    sent: count.describe("Messages sent to the queue"),
    received: count.describe("Deliveries: a message that is received twice counts twice"),
    acked: count.describe("Messages acked"),
    expired: count.describe("Messages removed because they were older than retentionSeconds"),
    purged: count.describe("Messages removed by purge"),
    movedIn: count.describe("Messages accepted from other queues, or returned because their destination did not exist"),
    movedOut: count.describe("Messages accepted by other queues"),
  })
  .openapi("QueueFlow", {
    description:
      "Counters since the queue was created. At every moment: " +
      "sent + movedIn = acked + expired + purged + movedOut + counts.length",
  });

const queueFields = {
  name: z.string().describe("Name of the queue"),
  visibilitySeconds: z.number().describe("Length of a lease, in seconds"),
  maxReceives: z
    .number()
    .nullable()
    .describe(
      "Receives after which a message moves to the dead-letter queue, or stays here, dead, when there is none; null for no limit",
    ),
  deadLetterQueue: z.string().nullable().describe("Name of the dead-letter queue; null without one"),
  retentionSeconds: z.number().describe("Age at which a message expires, in seconds"),
  delaySeconds: z.number().describe("Delay of messages that are sent without one, in seconds"),
  maxLength: z.number().nullable().describe("Max number of messages; null without a limit"),
  maxBytes: z.number().nullable().describe("Max size of all messages, in bytes; null without a limit"),
  backoffSeconds: z
    .number()
    .describe("Delay of a message that is returned for the second time, in seconds; it doubles"),
  maxBackoffSeconds: z.number().describe("Longest such delay, in seconds"),
  dedupeSeconds: z.number().describe("How long a dedupeId is kept, in seconds"),
  dedupeByContent: z.boolean().describe("Whether the digest of the body is the dedupeId of a message without one"),
  dedupeUntilAcked: z.boolean().describe("Whether a dedupeId is kept until its message is gone or dead"),
  createdAt: time.describe("When the queue was created"),
  owner,
  access: z.object(accessFields).describe("The rights of others than its owner and staff, who have all"),
  counts: countsSchema,
  flow: flowSchema,
  bytes: count.describe("Size of all messages with their attributes, in bytes"),
  oldestAgeSeconds: z
    .number()
    .nullable()
    .describe("How long the message that was available first has been there, in seconds; null when none is"),
};

const queueSchema = z
  .object(queueFields)
  .openapi("Queue", { description: "A queue: its settings and the number of its messages" });

export const queueDetailsSchema = z
  .object({
    ...queueFields,
    deadLetters: count.nullable().describe("Number of messages in its dead-letter queue; null without one"),
  })
  .openapi("QueueDetails", { description: "A queue, with the number of its dead letters" });

const brokenQueueSchema = z
  .object({
    name: z.string().describe("Name of the queue"),
    why: z.string().describe("What is wrong with it"),
  })
  .openapi("BrokenQueue", {
    description: "A queue that cannot be used because its data in Redis is damaged; staff can delete it",
  });

export const queueListSchema = z
  .object({
    queues: z.array(queueSchema).describe("The queues of this page, by name"),
    broken: z.array(brokenQueueSchema).describe("Queues of this page that cannot be used; all others can"),
    nextCursor: z.string().nullable().describe("`cursor` of the next page; null on the last page"),
  })
  .openapi("QueueList", { description: "One page of queues" });

export const ratesSchema = z
  .object({
    name: z.string().describe("Name of the queue"),
    minutes: z
      .array(
        z.object({
          at: time.describe("When the minute began"),
          sent: count.describe("Messages that were sent to the queue, or moved to it from another"),
          received: count.describe("Deliveries"),
          acked: count.describe("Messages that were acked"),
          length: count.describe("Messages in the queue at the end of the minute"),
        }),
      )
      .describe(
        "The minutes in order, at most 60; those before the queue was created or its figures were first recorded are absent",
      ),
  })
  .openapi("QueueRates", { description: "What happened in a queue in each minute of the last hour" });

const message = messageSchema.openapi("Message", { description: "A message to send", required: ["body"] });

/** The bodies of a send, which the route validates itself: in the document they are one schema, `SendInput`. */
export const sendInputSchemas = {
  Message: message,
  MessageBatch: z
    .strictObject({ messages: z.array(message).min(1).max(100).describe("1 to 100 messages") })
    .openapi("MessageBatch", { description: "Messages to send, all or none" }),
};

export const sentSchema = z
  .object({
    messages: z
      .array(
        z.object({
          id: z.string().describe("Id of the message (UUID)"),
          duplicate: z
            .boolean()
            .describe(
              "True when an earlier message had the same dedupeId: nothing was added, and `id` is that message's",
            ),
        }),
      )
      .describe("One entry for each message, in the order of the request"),
  })
  .openapi("SendResult", { description: "The messages that were sent" });

export const receiveInputSchema = z
  .strictObject({
    max: integerField(1, 100).default(1).describe("Max number of messages"),
    waitSeconds: integerField(0, 20).default(0).describe("How long to wait for the first message, in seconds"),
    visibilitySeconds: integerField(0, 43_200)
      .optional()
      .describe("Length of the lease, in seconds; the setting of the queue by default"),
    attemptId: tagSchema
      .optional()
      .describe(
        "For five minutes, another receive with it gets the same messages and receipts, as long as all of them are still leased, and their leases start again. 1 to 128 printable ASCII characters",
      ),
  })
  .openapi("ReceiveInput", { description: "How many messages to receive, and how long to wait for the first" });

const attributesOutputSchema = z
  .record(
    z.string(),
    z.object({
      type: z.string().describe("`String`, `Number` or `Binary`, maybe with a suffix such as `Number.int`"),
      value: z.string().describe("The value as text; base64 for a binary one"),
    }),
  )
  .openapi("MessageAttributes", { description: "The attributes of a message, by name" });

export const receivedSchema = z
  .object({
    messages: z
      .array(
        z.object({
          id: z.string().describe("Id of the message (UUID)"),
          body: z.unknown().openapi({ description: "The JSON value that was sent" }),
          attributes: attributesOutputSchema,
          receipt: z.string().describe("Identifies this delivery in ack, nack and extend"),
          receives: count.describe("How often the message was received, including this time"),
          sentAt: time.describe("When the message was sent"),
          firstReceivedAt: time.describe("When the message was received first"),
          leasedUntil: time.describe("End of the lease; afterwards another receiver may get the message"),
          priority: count.describe("Priority of the message, 0 to 9; a higher one is received first"),
          groupId: z.string().nullable().describe("Group of the message; null without one"),
          tenantId: z.string().nullable().describe("Tenant of the message; null without one"),
          dedupeId: z.string().nullable().describe("Deduplication id of the message; null without one"),
          sender: count.nullable().describe("Id of the account that sent the message; null when it is unknown"),
          number: count.describe("Number of the message in the queue, ascending in the order of sending"),
          deadLetterOf: z
            .string()
            .nullable()
            .describe("The queue that the message is a dead letter of; null for others"),
        }),
      )
      .describe("The messages, in the order of the queue"),
  })
  .openapi("ReceivedMessages", { description: "Messages that are leased to the receiver" });
export type ReceivedMessages = z.infer<typeof receivedSchema>;

const receipts = receiptsSchema.describe("Receipts of received messages, 1 to 100");

export const ackInputSchema = z.strictObject({ receipts }).openapi("AckInput", { description: "Messages to ack" });
export const nackInputSchema = z
  .strictObject({
    receipts,
    delaySeconds: integerField(0, 900)
      .optional()
      .describe("Time until the messages can be received again, in seconds; the back-off of the queue by default"),
  })
  .openapi("NackInput", { description: "Messages to return to the queue" });
export const extendInputSchema = z
  .strictObject({
    receipts,
    visibilitySeconds: integerField(0, 43_200).describe("New end of the leases, in seconds from now; 0 ends them"),
  })
  .openapi("ExtendInput", { description: "Leases to change" });

const receiptFields = {
  receipt: z.string().describe("The receipt of the request"),
  status: z.enum(["ok", "not-found"]).openapi({
    description: "`not-found`: the lease has ended, the message is gone, or it is no receipt of this queue",
  }),
};

export const receiptResultsSchema = z
  .object({
    results: z.array(z.object(receiptFields)).describe("One entry for each receipt, in the order of the request"),
  })
  .openapi("ReceiptResults", { description: "The result for each receipt" });
export const extendResultsSchema = z
  .object({
    results: z
      .array(
        z.object({
          ...receiptFields,
          leasedUntil: time.nullable().describe("New end of the lease; null when not found"),
        }),
      )
      .describe("One entry for each receipt, in the order of the request"),
  })
  .openapi("ExtendResults", { description: "The result for each receipt, with the new end of its lease" });
/** The description of a 429 for a limit of an account. */
export function limitResponse(description: string) {
  const header = { description: "Seconds to wait before a retry", schema: { type: "integer" as const } };
  return { ...errorResponse(description), headers: { "Retry-After": header } };
}
