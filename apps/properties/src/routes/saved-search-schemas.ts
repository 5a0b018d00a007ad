import { z } from "@hono/zod-openapi";
import { type InputFault, inputFaults, limitParam } from "@quintet/http";
import { parametersOf } from "../pages/page-query.ts";
import type { NewResults, ReadSearch, SavedSearch } from "../saved-searches/saved-search.ts";
import { cursor, line, nextCursor, propertySchema, success } from "./schemas.ts";
import { searchQuery } from "./search-schemas.ts";

/** Parameters of `GET /properties` that say how its results are sent, not which they are. */
const ofSending = ["limit", "cursor", "fields", "count", "format", "formulas", "facets", "withdrawn"] as const;

const maxQuery = 8000;

/** Reads the query of a saved search by the rules of `GET /properties` as they are now. */
export const readSearch: ReadSearch = (query) => {
  const given = new URLSearchParams(query);
  const faults: InputFault[] = ofSending
    .filter((path) => given.has(path))
    .map((path) => ({ path, message: "is not a part of a search that is saved" }));
  if (query.length > maxQuery) faults.push({ path: "", message: `must have ${maxQuery} characters or fewer` });
  const parsed = searchQuery.safeParse(parametersOf(given));
  if (!parsed.success) faults.push(...inputFaults(parsed.error, "unknown parameter"));
  if (!parsed.success || faults.length > 0) return { faults };
  const { limit, cursor, fields, count, format, formulas, facets, withdrawn, ...search } = parsed.data;
  return { search };
};

const value = z.union([z.string(), z.number(), z.boolean()]);
const savedParameters = z.record(z.string(), z.union([z.string(), z.array(z.string())])).openapi({
  description: "The parameters of the search, as `GET /properties` has them; one that is repeated is a list",
  example: { city: ["cali", "pereira"], maxPrice: "300000000" },
});
const fields = {
  name: line(100).openapi({ description: "What the account calls it", example: "Flats in Cali" }),
  search: z
    .union([z.string().max(maxQuery), z.record(z.string(), z.union([value, z.array(value)]))])
    .transform(toQuery)
    .openapi({
      description:
        "The query as of `GET /properties`, as an object or as text, without `limit`, `cursor`, `fields`, `count`, `format`, `formulas`, `facets` and `withdrawn`",
      example: { city: ["cali", "pereira"], maxPrice: 300_000_000 },
    }),
  notify: z.boolean().openapi({
    description:
      "Whether a message is sent to the queue of the installation, if it has one, when properties newly match",
  }),
};

/** A query as it is stored. */
function toQuery(given: string | Record<string, unknown>): string {
  if (typeof given === "string") return new URLSearchParams(given).toString();
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(given)) {
    for (const one of [values].flat()) query.append(name, String(one));
  }
  return query.toString();
}

export const newSearchSchema = z
  .strictObject({ ...fields, notify: fields.notify.default(false) })
  .openapi("NewSavedSearch", { description: "A search to keep" });

export const searchChangesSchema = z
  .strictObject({
    ...fields,
    lookedAt: z.iso
      .datetime({ offset: true, error: "must be an RFC 3339 time with an offset" })
      .transform((text) => new Date(text))
      .refine((date) => date.getUTCFullYear() >= 1000, "must not be before the year 1000")
      .openapi({
        description:
          "When the results were looked at: the `asOf` of the results that were read. A later time than now is now",
      }),
  })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, "must have at least one of name, search, notify, lookedAt")
  .openapi("SavedSearchChanges", { description: "What changes; fields that are absent stay as they are" });

const faultSchema = z
  .object({
    path: z.string().openapi({ description: "The parameter" }),
    message: z.string().openapi({ description: "What is wrong with it" }),
  })
  .openapi("SavedSearchFault");

export const savedSearchSchema = z
  .object({
    id: z.number().int().openapi({ description: "The id of the saved search" }),
    name: z.string().openapi({ description: "What the account calls it" }),
    search: savedParameters,
    url: z.string().openapi({ description: "The path of the search with its query" }),
    notify: z.boolean().openapi({ description: "Whether a message is sent when properties newly match" }),
    createdAt: z.iso.datetime().openapi({ description: "When it was saved, in UTC" }),
    lookedAt: z.iso.datetime().openapi({ description: "What became visible at this moment or later is new" }),
    newResults: z
      .number()
      .int()
      .nullable()
      .openapi({ description: "How many results are new; null if the search is not valid any more" }),
    newResultsExact: z.boolean().openapi({
      description:
        "Whether there are exactly so many. They are counted among the 1,000 properties that became visible last",
    }),
    errors: z
      .array(faultSchema)
      .optional()
      .openapi({ description: "Why the search is not valid any more; absent if it is valid" }),
  })
  .openapi("SavedSearch", { description: "A search that an account keeps" });

export const savedSearchesSchema = z
  .object({
    searches: z.array(savedSearchSchema).openapi({ description: "The saved searches of this page, the latest first" }),
    nextCursor,
  })
  .openapi("SavedSearches", { description: "A page of the saved searches of the account" });

export const savedResultsSchema = z
  .object({
    status: success,
    properties: z.array(propertySchema).openapi({ description: "The properties of this page; there may be none" }),
    nextCursor,
    asOf: z.iso.datetime().openapi({
      description:
        "All that was committed before this moment is considered. Set `lookedAt` to that of the first page when you have read all pages",
    }),
  })
  .openapi("SavedSearchResults", { description: "A page of the results of a saved search" });

/** `{id}` in a path. An id that is too large for an exact number becomes 0, which no search has. */
export const savedSearchParam = z.object({
  id: z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform((text) => (Number.isSafeInteger(Number(text)) ? Number(text) : 0))
    .openapi({ type: "integer", description: "The id of the saved search", example: 3 }),
});

export const searchListQuery = z.strictObject({
  limit: limitParam(20).openapi({ type: "integer", description: "Max searches per page" }),
  cursor,
});

export const resultsQuery = z.strictObject({
  new: z
    .enum(["true", "false"], "must be true or false")
    .default("false")
    .transform((text) => text === "true")
    .openapi({
      type: "string",
      enum: ["true", "false"],
      description: "`true`: only what became visible since `lookedAt`; default: all results",
    }),
  limit: limitParam(20).openapi({ type: "integer", description: "Max properties per page" }),
  cursor,
});

/** The position in a cursor of the list of saved searches. */
export const searchesPosition = z.tuple([z.literal("searches"), z.number().int()]);

/** A saved search as it is sent. */
export function toSearchBody(
  { id, name, query, notify, createdAt, lookedAt }: SavedSearch,
  results: NewResults | undefined,
): z.output<typeof savedSearchSchema> {
  const read = readSearch(query);
  return {
    ...{ id, name, notify },
    search: parametersOf(new URLSearchParams(query)),
    url: query === "" ? "/properties" : `/properties?${query}`,
    createdAt: createdAt.toISOString(),
    lookedAt: lookedAt.toISOString(),
    newResults: results?.count ?? null,
    newResultsExact: results?.isExact ?? false,
    ...("faults" in read ? { errors: read.faults } : {}),
  };
}
