import { z } from "@hono/zod-openapi";
import { isVisible, mustBeVisible, wholeNumber } from "@quintet/http";
import { allStatuses } from "../properties/statuses.ts";
import { optionalColumns } from "../source/source.ts";

/** The max price, in pesos: fifteen digits, which every number type involved represents exactly. */
export const maxPrice = 999_999_999_999_999;

const oneLine = /^[^\p{Cc}\u2028\u2029]*$/u;
const severalLines = /^[^\p{Cc}]*(?:[\t\n\r][^\p{Cc}]*)*$/u;

/** A single-line text, trimmed and in NFC, so that equal texts have equal bytes. */
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

const price = z.number().int().min(0).max(maxPrice).openapi({ description: "The price in whole Colombian pesos" });
const year = z.number().int().min(1800).max(2100).openapi({ description: "The year of construction" });

const status = z
  .enum(allStatuses, `must be one of ${allStatuses.join(", ")}`)
  .openapi({ description: "The status; only `pre_venta`, `en_venta` and `vendido` are visible to all accounts" });

const optionalValues = {
  rooms: z.number().int().min(0).max(32_767).nullable(),
  area: z.number().min(0).max(99_999_999).nullable(),
  type: line(40).nullable(),
  lat: z.number().min(-90).max(90).nullable(),
  lon: z.number().min(-180).max(180).nullable(),
};

const descriptions = {
  rooms: "The number of rooms",
  area: "The area in m²",
  type: "The type, such as `apartamento`",
  lat: "The latitude in degrees; not without `lon`",
  lon: "The longitude in degrees; not without `lat`",
};

/** The fields that not every database has. */
const optionalInput = {
  rooms: optionalValues.rooms.optional().openapi({ description: descriptions.rooms }),
  area: optionalValues.area.optional().openapi({ description: descriptions.area }),
  type: optionalValues.type.optional().openapi({ description: descriptions.type }),
  lat: optionalValues.lat.optional().openapi({ description: descriptions.lat }),
  lon: optionalValues.lon.optional().openapi({ description: descriptions.lon }),
};

/** Two coordinates are set, or cleared, together. */
function hasBothCoordinates({
  lat,
  lon,
}: {
  lat?: number | null | undefined;
  lon?: number | null | undefined;
}): boolean {
  return lat === undefined ? lon === undefined : lon !== undefined && (lat === null) === (lon === null);
}

const bothCoordinates = { path: ["lat"], error: "must be given, or be null, together with lon" };

const fields = {
  address: line(200).openapi({ description: "The address, a single line" }),
  city: line(80).openapi({ description: "The city, a single line" }),
  price,
  description: description.openapi({ description: "A description, which may have several lines and may be empty" }),
  year,
};

export const newPropertySchema = z
  .strictObject({ ...fields, ...optionalInput, status })
  .refine(hasBothCoordinates, bothCoordinates)
  .openapi("NewProperty");

export const propertyChangesSchema = z
  .strictObject({ ...fields, ...optionalInput })
  .partial()
  .refine(hasBothCoordinates, bothCoordinates)
  .refine(
    (changes) => Object.keys(changes).length > 0,
    `must have at least one of ${Object.keys({ ...fields, ...optionalInput }).join(", ")}`,
  )
  .openapi("PropertyChanges");

export const newStatusSchema = z
  .strictObject({
    status,
    updateDate: z.iso
      .datetime({ offset: true, error: "must be an ISO 8601 time with an offset" })
      .transform((text) => new Date(text))
      .refine((date) => date.getUTCFullYear() >= 1900, "must not be before 1900")
      .refine((date) => date.getTime() <= Date.now(), "must not be in the future")
      .optional()
      .openapi({
        description:
          "When the status took effect; default: now. A date before the current status only adds to the history.",
      }),
  })
  .openapi("NewStatus");

const currentStatus = z
  .string()
  .nullable()
  .openapi({
    description: `The current status: \`${allStatuses.join("`, `")}\`; for staff also others that the table \`status\` has, and null without any`,
    example: "en_venta",
  });

export const propertySchema = z
  .object({
    id: z.number().int().openapi({ description: "The id of the property" }),
    address: z.string().nullable().openapi({ description: "The address" }),
    city: z.string().nullable().openapi({ description: "The city" }),
    price: z.number().nullable().openapi({ description: "The price in Colombian pesos" }),
    description: z.string().nullable().openapi({ description: "A description" }),
    year: z.number().int().nullable().openapi({ description: "The year of construction" }),
    status: currentStatus,
    rooms: z.number().int().optional().openapi({ description: descriptions.rooms }),
    area: z.number().optional().openapi({ description: descriptions.area }),
    type: z.string().optional().openapi({ description: descriptions.type }),
    lat: z.number().optional().openapi({ description: descriptions.lat }),
    lon: z.number().optional().openapi({ description: descriptions.lon }),
  })
  .openapi("Property", {
    description: "A property. Fields that another program left empty are null; from `rooms` on they are absent",
  });

export const optionalFieldNames = optionalColumns;

/** A property as staff sees it. */
export const storedPropertySchema = propertySchema
  .extend({
    withdrawnAt: z.iso.datetime().optional().openapi({
      description: "When it was withdrawn, in UTC; only there while it is. Only staff can see such a property",
    }),
  })
  .openapi("StoredProperty", { description: "A property, which may be withdrawn" });

export const success = z.literal("success").openapi({ description: "Always `success`" });
export const nextCursor = z
  .string()
  .nullable()
  .openapi({ description: "The `cursor` of the next page; null on the last page" });

const likedPropertySchema = propertySchema
  .extend({ likedAt: z.iso.datetime().openapi({ description: "When the account liked it, in UTC" }) })
  .openapi("LikedProperty");

export const likedSchema = z
  .object({
    status: success,
    properties: z.array(likedPropertySchema).openapi({ description: "The properties of this page" }),
    nextCursor,
  })
  .openapi("LikedProperties");

/** What may be shown of a property's likes. */
export const likeFields = {
  likes: z.number().int().openapi({ description: "The number of accounts that like the property" }),
  liked: z.boolean().openapi({ description: "Whether this account likes it" }),
};

export const likeFieldNames = Object.keys(likeFields) as (keyof typeof likeFields)[];

const countedPropertySchema = propertySchema.extend(likeFields).openapi("CountedProperty");

export const mostLikedSchema = z
  .object({
    status: success,
    properties: z.array(countedPropertySchema).openapi({ description: "The properties of this page" }),
    nextCursor,
  })
  .openapi("MostLikedProperties");

export const likeCountSchema = z
  .object({ count: z.number().int().openapi({ description: "The number of accounts that like the property" }) })
  .openapi("LikeCount");

export const statusChangeSchema = z
  .object({
    id: z.number().int().openapi({ description: "The id of the entry" }),
    status: z.string().nullable().openapi({ description: "The status; null if the table `status` has no such row" }),
    updateDate: z.iso.datetime().nullable().openapi({ description: "When the status took effect, in UTC" }),
  })
  .openapi("StatusChange");

export const historySchema = z
  .object({
    status: success,
    history: z.array(statusChangeSchema).openapi({ description: "The entries of this page" }),
    nextCursor,
  })
  .openapi("StatusHistory");

/** `{id}` in a path. An id that is too large for an exact number becomes 0, which no property has. */
export const idParam = z.object({
  id: z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform((text) => (Number.isSafeInteger(Number(text)) ? Number(text) : 0))
    .openapi({ type: "integer", description: "The id of the property", example: 17 }),
});

/** A price in pesos in a query. */
export const pesos = wholeNumber(0, maxPrice);

export const cursor = z.string().max(500, "must have 500 characters or fewer").optional().openapi({
  description: "The `nextCursor` of the previous page, with the same other parameters; default: the first page",
});
