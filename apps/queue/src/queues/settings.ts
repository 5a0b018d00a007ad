import { z } from "zod";

/** The name of a queue. It is part of its Redis keys, so it must have no characters with a meaning there. */
export const queueNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,80}$/, "must be 1 to 80 letters, digits, hyphens or underscores");

/** An integer field of a body. */
export function integerField(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

const defaultMaxReceives = 5;

/** The body of `PUT /queues/{name}`: all settings; one that is left out has its default. */
export const settingsInputSchema = z
  .strictObject({
    visibilitySeconds: integerField(0, 43_200).default(30).describe("Length of a lease, in seconds"),
    maxReceives: integerField(1, 1000)
      .nullable()
      .optional()
      .describe(
        "Receives without an ack after which a message moves to the dead-letter queue; 5 by default with a deadLetterQueue, null without",
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
  })
  .superRefine(({ maxReceives, deadLetterQueue }, context) => {
    if (typeof maxReceives === "number" && deadLetterQueue === null) {
      context.addIssue({ code: "custom", path: ["maxReceives"], message: "requires a deadLetterQueue" });
    }
    if (maxReceives === null && deadLetterQueue !== null) {
      context.addIssue({ code: "custom", path: ["maxReceives"], message: "must be a number with a deadLetterQueue" });
    }
  });

/** The settings of a queue; null means none, or no limit. */
export interface QueueSettings {
  visibilitySeconds: number;
  /** A message goes to the dead-letter queue after this many receives without an ack. */
  maxReceives: number | null;
  deadLetterQueue: string | null;
  retentionSeconds: number;
  delaySeconds: number;
  maxLength: number | null;
}

/** The settings of an input; the default of `maxReceives` depends on `deadLetterQueue`. */
export function withDefaults(input: z.infer<typeof settingsInputSchema>): QueueSettings {
  const maxReceives = input.maxReceives ?? (input.deadLetterQueue === null ? null : defaultMaxReceives);
  return { ...input, maxReceives };
}

/** The settings as fields of a Redis hash; an empty text means null. */
export function toRedisFields(settings: QueueSettings): Record<string, string | number> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, value ?? ""]));
}

/** The settings in the fields of a Redis hash. Invalid numbers are NaN. */
export function fromRedisFields(fields: Record<string, string>): QueueSettings {
  const number = (name: string) => Number(fields[name]);
  const orNull = (name: string) => (fields[name] ? number(name) : null);
  return {
    visibilitySeconds: number("visibilitySeconds"),
    maxReceives: orNull("maxReceives"),
    deadLetterQueue: fields.deadLetterQueue || null,
    retentionSeconds: number("retentionSeconds"),
    delaySeconds: number("delaySeconds"),
    maxLength: orNull("maxLength"),
  };
}
