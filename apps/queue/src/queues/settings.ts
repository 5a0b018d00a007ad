import { z } from "zod";

/** The name of a queue. It is part of its Redis keys, so it must have no characters with a meaning there. */
export const queueNameSchema = z
  .string()
  .regex(
    /^(?=.{1,80}$)[A-Za-z0-9_-]+(?:\.fifo)?$/,
    "must be 1 to 80 letters, digits, hyphens or underscores, maybe with .fifo at the end",
  );

/** Whether a queue has the order of Amazon SQS FIFO queues. */
export function isFifoQueue(name: string): boolean {
  return name.endsWith(".fifo");
}

/** An integer field of a body. */
export function integerField(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

const defaultMaxReceives = 5;
/** Without a dead-letter queue: then the message stays in its queue as a dead letter. */
const defaultMaxReceivesAlone = 20;

/** The body of `PUT /queues/{name}`: all settings; one that is left out has its default. */
export const settingsInputSchema = z
  .strictObject({
    visibilitySeconds: integerField(0, 43_200).default(30).describe("Length of a lease, in seconds"),
    maxReceives: integerField(1, 1000)
      .nullable()
      .optional()
      .describe(
        "Receives without an ack after which a message moves to the dead-letter queue, or stays in this queue as a dead letter when there is none; 5 by default with a deadLetterQueue, 20 without; null for no limit",
      ),
    deadLetterQueue: queueNameSchema
      .nullable()
      .default(null)
      .describe("Name of another, existing queue for messages that are not acked; null for none"),
    retentionSeconds: integerField(60, 1_209_600)
      .default(345_600)
      .describe("Age at which a message expires, in seconds; four days by default"),
    delaySeconds: integerField(0, 900)
      .default(0)
      .describe("Time until a new message can be received, in seconds, unless the message has its own delay"),
    maxLength: integerField(1, 10_000_000)
      .nullable()
      .default(null)
      .describe("Max number of messages; null for no limit"),
    maxBytes: integerField(1024, 1024 ** 4)
      .nullable()
      .default(null)
      .describe("Max size of all messages in their stored form, in bytes; null for no limit"),
    backoffSeconds: integerField(0, 43_200)
      .default(1)
      .describe(
        "Delay of a message that is returned for the second time without a delay of its own, in seconds; it doubles each time. 0 for none",
      ),
    maxBackoffSeconds: integerField(0, 43_200).default(300).describe("Longest such delay, in seconds"),
    dedupeSeconds: integerField(1, 1_209_600)
      .default(300)
      .describe("How long a dedupeId is kept, in seconds; five minutes by default"),
    dedupeByContent: z
      .boolean()
      .default(false)
      .describe("Whether the SHA-256 digest of the body is the dedupeId of a message without one"),
    dedupeUntilAcked: z
      .boolean()
      .default(false)
      .describe("Whether a dedupeId is kept until its message is gone or dead, instead of for dedupeSeconds"),
  })
  .superRefine(({ maxReceives, deadLetterQueue }, context) => {
    if (maxReceives === null && deadLetterQueue !== null) {
      context.addIssue({ code: "custom", path: ["maxReceives"], message: "must be a number with a deadLetterQueue" });
    }
  });

/** The settings of a queue; null means none, or no limit. */
export interface QueueSettings {
  visibilitySeconds: number;
  /** A message goes to the dead-letter queue after this many receives without an ack; it stays here, dead, when there is none. */
  maxReceives: number | null;
  deadLetterQueue: string | null;
  retentionSeconds: number;
  delaySeconds: number;
  maxLength: number | null;
  /** In bytes of the stored messages. */
  maxBytes: number | null;
  backoffSeconds: number;
  maxBackoffSeconds: number;
  dedupeSeconds: number;
  dedupeByContent: boolean;
  dedupeUntilAcked: boolean;
}

/** The settings of an input; the default of `maxReceives` depends on `deadLetterQueue`. */
export function withDefaults(input: z.infer<typeof settingsInputSchema>): QueueSettings {
  const byDefault = input.deadLetterQueue === null ? defaultMaxReceivesAlone : defaultMaxReceives;
  return { ...input, maxReceives: input.maxReceives === undefined ? byDefault : input.maxReceives };
}

/** The settings as fields of a Redis hash; an empty text means null, 1 true and 0 false. */
export function toRedisFields(settings: QueueSettings): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, typeof value === "boolean" ? Number(value) : (value ?? "")]),
  );
}

/** The settings in the fields of a Redis hash. Invalid numbers are NaN. */
export function fromRedisFields(fields: Record<string, string>): QueueSettings {
  const number = (name: string) => Number(fields[name]);
  const numberOr = (name: string, value: number) => Number(fields[name] ?? value);
  const orNull = (name: string) => (fields[name] ? number(name) : null);
  return {
    visibilitySeconds: number("visibilitySeconds"),
    maxReceives: orNull("maxReceives"),
    deadLetterQueue: fields.deadLetterQueue || null,
    retentionSeconds: number("retentionSeconds"),
    delaySeconds: number("delaySeconds"),
    maxLength: orNull("maxLength"),
    // Queues of earlier versions lack the following.
    maxBytes: orNull("maxBytes"),
    backoffSeconds: numberOr("backoffSeconds", 1),
    maxBackoffSeconds: numberOr("maxBackoffSeconds", 300),
    dedupeSeconds: numberOr("dedupeSeconds", 300),
    dedupeByContent: fields.dedupeByContent === "1",
    dedupeUntilAcked: fields.dedupeUntilAcked === "1",
  };
}
