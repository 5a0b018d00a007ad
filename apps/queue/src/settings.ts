import { z } from "zod";

/** The name of a queue; also part of its keys, so nothing that means something in a key may be in it. */
export const queueNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,80}$/, "must be 1 to 80 letters, digits, hyphens or underscores");

/** A whole number in a body. */
export function wholeField(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

const standardReceives = 5;

/** What `PUT` takes: the whole settings, each with a standard value when it is left out. */
export const settingsInputSchema = z
  .strictObject({
    visibilitySeconds: wholeField(0, 43_200).default(30),
    maxReceives: wholeField(1, 1000).nullable().optional(),
    deadLetterQueue: queueNameSchema.nullable().default(null),
    retentionSeconds: wholeField(60, 1_209_600).default(345_600),
    delaySeconds: wholeField(0, 900).default(0),
    maxLength: wholeField(1, 10_000_000).nullable().default(null),
  })
  .superRefine(({ maxReceives, deadLetterQueue }, context) => {
    if (typeof maxReceives === "number" && deadLetterQueue === null) {
      context.addIssue({ code: "custom", path: ["maxReceives"], message: "needs a deadLetterQueue" });
    }
    if (maxReceives === null && deadLetterQueue !== null) {
      context.addIssue({ code: "custom", path: ["maxReceives"], message: "must be a number with a deadLetterQueue" });
    }
  });

/** The settings of a queue. */
export interface QueueSettings {
  visibilitySeconds: number;
  /** After so many receives without an ack a message goes to the dead-letter queue; null without one. */
  maxReceives: number | null;
  deadLetterQueue: string | null;
  retentionSeconds: number;
  delaySeconds: number;
  maxLength: number | null;
}

/** The settings that an input means. */
export function settingsOf(input: z.infer<typeof settingsInputSchema>): QueueSettings {
  const maxReceives = input.maxReceives ?? (input.deadLetterQueue === null ? null : standardReceives);
  return { ...input, maxReceives };
}

/** The fields in which Redis keeps settings; an empty text stands for null. */
export function toFields(settings: QueueSettings): Record<string, string | number> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, value ?? ""]));
}

/** The settings in the fields that Redis keeps. */
export function fromFields(fields: Record<string, string>): QueueSettings {
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
