import { z } from "@hono/zod-openapi";
import { limitParam, wholeNumber } from "@quintet/http";
import { visibleStatuses } from "../properties/statuses.ts";
import { facetNames, maxValues } from "../search/facets.ts";
import { areaOf, type Box, type Circle, maxKm } from "../search/places.ts";
import { onlyYear, type Range, type SearchInput } from "../search/search-request.ts";
import { maxCities } from "../search/search-statements.ts";
import { sorts, sortWithinYear } from "../search/sort-orders.ts";
import { maxWords, wordsOf } from "../term-index/words.ts";
import {
  cursor,
  likeFieldNames,
  likeFields,
  line,
  nextCursor,
  optionalFieldNames,
  pesos,
  propertySchema,
  storedPropertySchema,
  success,
} from "./schemas.ts";

/** A parameter that may be repeated: a list without duplicates. A fault has the name of the parameter alone. */
export function repeated<T>(one: z.ZodType<T>, max: number) {
  return z
    .union([z.string(), z.array(z.string())])
    .optional()
    .transform((given = [], context): T[] => {
      const values = [given].flat();
      if (values.length > max) context.addIssue({ code: "custom", message: `must be given ${max} times or fewer` });
      const results = values.slice(0, max).map((value) => one.safeParse(value));
      for (const { error } of results)
        for (const issue of error?.issues.slice(0, 1) ?? []) context.addIssue({ ...issue });
      return [...new Set(results.flatMap(({ success, data }) => (success ? [data] : [])))];
    });
}

/** A parameter that lists some of `names`, separated by commas. */
export function listOf<T extends string>(names: readonly T[]) {
  const message = `must be one or more of ${names.join(", ")}, separated by commas`;
  return z
    .string()
    .transform((text) => [...new Set(text.split(","))])
    .refine((list): list is T[] => list.every((name) => (names as readonly string[]).includes(name)), message)
    .optional();
}

/** A parameter of numbers, separated by commas: those of `ends`, each in its range. */
function numbers<N extends string>(ends: Record<N, [min: number, max: number]>) {
  const names = Object.keys(ends) as N[];
  return z.string().transform((text, context): Record<N, number> => {
    const parts = text.split(",");
    const refuse = (message: string) => {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    };
    if (parts.length !== names.length || !parts.every((part) => /^-?\d{1,5}(\.\d{1,15})?$/.test(part))) {
      return refuse(`must be the numbers ${names.join(",")}`);
    }
    const values = parts.map(Number);
    for (const [i, name] of names.entries()) {
      const [min, max] = ends[name];
      if (!(values[i]! >= min && values[i]! <= max)) return refuse(`${name} must be from ${min} to ${max}`);
    }
    return Object.fromEntries(names.map((name, i) => [name, values[i]])) as Record<N, number>;
  });
}

/** The formats of a list, and their media types. */
export const formats = ["json", "csv", "ndjson"] as const;

/** The fields of a property, in their order. */
export const fieldNames = propertySchema.keyof().exclude(optionalFieldNames).options;
/** The fields that `fields` may name: also what is only there on request. */
const allFieldNames = [...fieldNames, ...optionalFieldNames, ...likeFieldNames] as const;
const year = wholeNumber(0, 9999);
/** The parameters of a range of years. */
export const yearRange = {
  minYear: year.optional().openapi({ type: "integer", description: "The min year of construction, inclusive" }),
  maxYear: year.optional().openapi({ type: "integer", description: "The max year of construction, inclusive" }),
};
/** The parameter of the current status. */
export const statuses = repeated(
  z.enum(visibleStatuses, "must be pre_venta, en_venta or vendido"),
  visibleStatuses.length,
).openapi({
  param: { name: "status", in: "query", required: false },
  type: "array",
  items: { type: "string", enum: [...visibleStatuses] },
  description: "The current status; repeat it for several; default: any of the three",
});
const rooms = wholeNumber(0, 32_767);
const area = wholeNumber(0, 9_999_999_999);

/** The first moment that a listing can have become visible at. */
const firstDate = Date.UTC(1000, 0, 1);
/** A moment (RFC 3339), to the millisecond: the first one that is not before it. */
const moment = z.iso
  .datetime({ offset: true, error: "must be an RFC 3339 time with an offset, such as 2026-11-01T00:00:00Z" })
  .transform((text) => {
    const isBetween = /\.\d{3}\d*[1-9]/.test(text);
    return new Date(Math.max(firstDate, Date.parse(text) + (isBetween ? 1 : 0)));
  });

/** The query of a search. */
export const searchQuery = z
  .strictObject({
    city: repeated(line(80), maxCities).openapi({
      param: { name: "city", in: "query", required: false },
      type: "array",
      items: { type: "string" },
      maxItems: maxCities,
      description: `The city; case and accents are ignored. Repeat it for any of up to ${maxCities} cities`,
      example: ["pereira"],
    }),
    year: year.optional().openapi({ type: "integer", description: "The year of construction", example: 2019 }),
    ...yearRange,
    status: statuses,
    minPrice: pesos.optional().openapi({ type: "integer", description: "The min price in Colombian pesos, inclusive" }),
    maxPrice: pesos.optional().openapi({ type: "integer", description: "The max price in Colombian pesos, inclusive" }),
    rooms: rooms.optional().openapi({ type: "integer", description: "The number of rooms" }),
    minRooms: rooms.optional().openapi({ type: "integer", description: "The min number of rooms, inclusive" }),
    minArea: area.optional().openapi({ type: "integer", description: "The min area in m², inclusive" }),
    maxArea: area.optional().openapi({ type: "integer", description: "The max area in m², inclusive" }),
    type: repeated(line(80), maxCities).openapi({
      param: { name: "type", in: "query", required: false },
      type: "array",
      items: { type: "string" },
      maxItems: maxCities,
      description: `The type, such as \`apartamento\`; case and accents are ignored. Repeat it for any of up to ${maxCities} types`,
    }),
    near: numbers({ lat: [-90, 90], lon: [-180, 180], km: [0.001, maxKm] })
      .optional()
      .openapi({
        type: "string",
        description: "`lat,lon,km`: properties with coordinates within so many kilometres of a point",
        example: "4.65,-74.06,2.5",
      }),
    bbox: numbers({ minLat: [-90, 90], minLon: [-180, 180], maxLat: [-90, 90], maxLon: [-180, 180] })
      .optional()
      .openapi({
        type: "string",
        description:
          "`minLat,minLon,maxLat,maxLon`: properties with coordinates in this box, inclusive; across the antimeridian `minLon` is greater than `maxLon`",
        example: "4.5,-74.2,4.8,-74",
      }),
    newSince: moment.optional().openapi({
      type: "string",
      format: "date-time",
      description:
        "Properties that became visible for the first time at this moment (RFC 3339) or later. Of those that were there before the app, the date of the first visible status counts",
      example: "2026-11-01T00:00:00Z",
    }),
    q: z
      .string()
      .max(100, "must have 100 characters or fewer")
      .transform(wordsOf)
      .refine((words) => words.length > 0, "must contain a word of letters or digits")
      .refine((words) => words.length <= maxWords, `must contain ${maxWords} words or fewer`)
      .optional()
      .openapi({
        type: "string",
        description: `Words, or beginnings of words, that the address or the description must all contain; case and accents are ignored. At most ${maxWords} words`,
      }),
    sort: z.enum(sorts).default("id").openapi({
      description:
        "The order; `-` means descending. `newest`: by the date of the current status, latest first; `distance`: nearest first, with `near` only. Equal values are ordered by id",
    }),
    limit: limitParam(20).openapi({ type: "integer", description: "Max properties per page" }),
    cursor,
    fields: listOf(allFieldNames).openapi({
      type: "string",
      description: `The fields of each property, separated by commas: ${allFieldNames.join(", ")}. Default: ${fieldNames.join(", ")}. \`likes\` is the number of accounts that like it, \`liked\` whether this one does`,
      example: "id,city,price",
    }),
    count: z.enum(["exact", "estimated"]).optional().openapi({
      description:
        "Adds `total`, the number of results on all pages. `exact`: a 422 when no index counts them; `estimated`: always possible, and never too small",
    }),
    format: z.enum(formats).optional().openapi({
      description:
        "`json`: one page; `csv` and `ndjson`: all properties in the order of `sort`, without `limit`, `cursor`, `count` and `facets`. Default: what `Accept` prefers",
    }),
    withdrawn: z.enum(["true"], "must be true").optional().openapi({
      description: "Staff only: lists the withdrawn properties instead, latest first, with `limit` and `cursor` only",
    }),
    formulas: z.enum(["escape", "keep"]).default("escape").openapi({
      description:
        "In CSV, `escape` puts an apostrophe before a text that a spreadsheet would run as a formula; `keep` leaves texts as they are",
    }),
    facets: listOf(facetNames).openapi({
      type: "string",
      description: `Adds \`facets\`: how many results there are of each of these, separated by commas: ${facetNames.join(", ")}`,
      example: "city,status,year",
    }),
  })
  .superRefine((query, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    for (const [min, max] of [
      ["minPrice", "maxPrice"],
      ["minYear", "maxYear"],
      ["minArea", "maxArea"],
    ] as const) {
      const [low, high] = [query[min], query[max]];
      if (low !== undefined && high !== undefined && low > high) refuse(min, `must not be greater than ${max}`);
    }
    if (query.year !== undefined && (query.minYear !== undefined || query.maxYear !== undefined))
      refuse("year", "must not be combined with minYear or maxYear");
    if (query.bbox && query.bbox.minLat > query.bbox.maxLat) refuse("bbox", "minLat must not be greater than maxLat");
    if (query.sort === "distance" && query.near === undefined) refuse("sort", "distance must be combined with near");
    if (query.rooms !== undefined && query.minRooms !== undefined)
      refuse("rooms", "must not be combined with minRooms");
  })
  .transform(({ limit, cursor, format, formulas, fields, count, facets = [], withdrawn, ...filters }) => ({
    ...searchOf(filters),
    ...{ limit, cursor, format, formulas, fields, count, facets, withdrawn },
  }));

interface Filters {
  city: string[];
  status: SearchInput["statuses"];
  year?: number | undefined;
  minYear?: number | undefined;
  maxYear?: number | undefined;
  minPrice?: number | undefined;
  maxPrice?: number | undefined;
  rooms?: number | undefined;
  minRooms?: number | undefined;
  minArea?: number | undefined;
  maxArea?: number | undefined;
  type: string[];
  near?: Circle | undefined;
  bbox?: { minLat: number; minLon: number; maxLat: number; maxLon: number } | undefined;
  newSince?: Date | undefined;
  q?: string[] | undefined;
  sort: SearchInput["sort"];
}

/** The search of a query. Within one year, sorting by year is sorting by id. */
function searchOf(filters: Filters): SearchInput {
  const { city, status, type, q = [], sort } = filters;
  const year = rangeOf(filters.year ?? filters.minYear, filters.year ?? filters.maxYear);
  return {
    cities: city,
    statuses: status,
    types: type,
    place: areaOf(filters.near, boxOf(filters.bbox)),
    price: rangeOf(filters.minPrice, filters.maxPrice),
    year,
    rooms: rangeOf(filters.rooms ?? filters.minRooms, filters.rooms),
    area: rangeOf(filters.minArea, filters.maxArea),
    newSince: filters.newSince,
    words: q,
    sort: onlyYear({ year }) === undefined ? sort : sortWithinYear(sort),
  };
}

function boxOf(bbox: Filters["bbox"]): Box | undefined {
  return bbox && { south: bbox.minLat, north: bbox.maxLat, west: bbox.minLon, east: bbox.maxLon };
}

export function rangeOf(min: number | undefined, max: number | undefined): Range | undefined {
  return min === undefined && max === undefined ? undefined : { min, max };
}

/** A field of a property of a search. */
export type FieldName = (typeof allFieldNames)[number];

/** The given fields in their usual order; without any, those that every property has. */
export function fieldsInOrder(fields: FieldName[] | undefined): FieldName[] {
  return fields ? allFieldNames.filter((name) => fields.includes(name)) : fieldNames;
}

const foundPropertySchema = storedPropertySchema
  .extend(likeFields)
  .partial()
  .openapi("FoundProperty", { description: "A property of a search; with `fields` it has only those" });

const facetSchema = (value: z.ZodType, what: string) =>
  z
    .array(
      z
        .object({
          value: value.openapi({ description: what }),
          count: z.number().int().openapi({ description: "The number of results that have it" }),
        })
        .openapi(`Count of ${what}`.replaceAll(/ (\w)/g, (_, letter: string) => letter.toUpperCase())),
    )
    .optional()
    .openapi({ description: `The most frequent values, at most ${maxValues}` });

export const foundPropertiesSchema = z
  .object({
    status: success,
    properties: z.array(foundPropertySchema).openapi({ description: "The properties of this page" }),
    nextCursor,
    total: z.number().int().optional().openapi({ description: "With `count`: the number of results on all pages" }),
    facets: z
      .object({
        city: facetSchema(z.string(), "city"),
        status: facetSchema(z.enum(visibleStatuses), "status"),
        year: facetSchema(z.number().int(), "year"),
      })
      .optional()
      .openapi({ description: "With `facets`: how many of all results have each value" }),
  })
  .openapi("Properties");
