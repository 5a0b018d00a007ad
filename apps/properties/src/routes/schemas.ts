import { z } from "@hono/zod-openapi";
import { isVisible, mustBeVisible, wholeNumber } from "@quintet/http";
import { allStatuses } from "../statuses.ts";

/** The highest price, in pesos: fifteen digits, as many as every number type on the way holds exactly. */
export const highestPrice = 999_999_999_999_999;

const oneLine = /^[^\p{Cc}\u2028\u2029]*$/u;
const severalLines = /^[^\p{Cc}]*(?:[\t\n\r][^\p{Cc}]*)*$/u;

/** A text of one line, without spaces around it, in NFC so that equal texts are equal bytes. */
export function line(max: number) {
  return z
    .string()
    .trim()
    .normalize("NFC")
    .min(1, { error: "must not be empty", abort: true })
    .refine(isVisible, mustBeVisible)
    .max(max, `must have ${max} characters or fewer`)
    .refine((text) => text.isWellFormed(), "must be well-formed Unicode")
    .refine((text) => oneLine.test(text), "must be one line without control characters");
}

const description = z
  .string()
  .trim()
  .normalize("NFC")
  .max(5000, "must have 5000 characters or fewer")
  .refine((text) => text.isWellFormed(), "must be well-formed Unicode")
  .refine((text) => severalLines.test(text), "must not contain control characters");

const price = z.number().int().min(0).max(highestPrice);
const year = z.number().int().min(1800).max(2100);

const status = z.enum(allStatuses, `must be one of ${allStatuses.join(", ")}`);

const fields = { address: line(200), city: line(80), price, description, year };

export const newPropertySchema = z.strictObject({ ...fields, status }).openapi("NewProperty");

export const propertyChangesSchema = z
  .strictObject(fields)
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, `needs one or more of ${Object.keys(fields).join(", ")}`)
  .openapi("PropertyChanges");

export const newStatusSchema = z
  .strictObject({
    status,
    updateDate: z.iso
      .datetime({ offset: true, error: "must be an ISO 8601 time with its offset" })
      .transform((text) => new Date(text))
      .refine((date) => date.getUTCFullYear() >= 1900, "must lie after 1900")
      .refine((date) => date.getTime() <= Date.now(), "must not lie in the future")
      .optional()
      .openapi({
        description: "When the status came to hold; now unless told. An earlier date changes the history alone.",
      }),
  })
  .openapi("NewStatus");

export const propertySchema = z
  .object({
    id: z.number().int(),
    address: z.string(),
    city: z.string(),
    price: z.number().int().openapi({ description: "Colombian pesos" }),
    description: z.string(),
    year: z.number().int().openapi({ description: "Year of construction" }),
    status: z.enum(allStatuses),
  })
  .openapi("Property");

const time = z.iso.datetime();
const success = z.literal("success");
const nextCursor = z.string().nullable();

export const propertiesSchema = z
  .object({ status: success, properties: z.array(propertySchema), nextCursor })
  .openapi("Properties");

export const likedSchema = z
  .object({ status: success, properties: z.array(propertySchema.extend({ likedAt: time })), nextCursor })
  .openapi("LikedProperties");

export const likeCountSchema = z.object({ count: z.number().int() }).openapi("LikeCount");

export const statusChangeSchema = z
  .object({ id: z.number().int(), status: z.enum(allStatuses), updateDate: time })
  .openapi("StatusChange");

export const historySchema = z
  .object({ status: success, history: z.array(statusChangeSchema), nextCursor })
  .openapi("StatusHistory");

/** `{id}` of a path. More digits than a number holds exactly name no property: they become 0, an id that none has. */
export const idParam = z.object({
  id: z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform((text) => (Number.isSafeInteger(Number(text)) ? Number(text) : 0))
    .openapi({ type: "integer", example: 17 }),
});

/** A whole number of pesos in a query. */
export const pesos = wholeNumber(0, highestPrice);

export const cursor = z.string().max(500, "must have 500 characters or fewer").optional();
