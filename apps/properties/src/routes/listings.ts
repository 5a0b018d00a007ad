import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  acceptedType,
  errorResponse,
  jsonResponse,
  limitParam,
  noQuery,
  type ServiceEnv,
  wholeNumber,
} from "@quintet/http";
import type { Deps } from "../deps.ts";
import { readProperty } from "../properties/properties.ts";
import { visibleStatuses } from "../properties/statuses.ts";
import { allProperties, searchProperties } from "../search/search.ts";
import { sorts, sortWithinYear } from "../search/sort-orders.ts";
import { maxWords, wordsOf } from "../term-index/words.ts";
import { searchCursor, searchPosition } from "./cursors.ts";
import {
  exportContent,
  listTypes,
  noRecords,
  notAcceptable,
  notModified,
  onlyJson,
  rejectPaging,
  sendExport,
  sendTagged,
} from "./responses.ts";
import { cursor, idParam, line, pesos, propertiesSchema, propertySchema } from "./schemas.ts";

/** The formats of a list, and their media types. */
const formats = ["json", "csv", "ndjson"] as const;

/** The columns of a list of all properties. */
const columns = ["id", "address", "city", "price", "description", "year", "status"] as const;

const searchQuery = z
  .strictObject({
    city: line(80).optional().openapi({ description: "The city; case and accents are ignored", example: "pereira" }),
    year: wholeNumber(0, 9999)
      .optional()
      .openapi({ type: "integer", description: "The year of construction", example: 2019 }),
    status: z
      .enum(visibleStatuses, "must be pre_venta, en_venta or vendido")
      .optional()
      .openapi({ description: "The current status; default: any of the three" }),
    minPrice: pesos.optional().openapi({ type: "integer", description: "The min price in Colombian pesos, inclusive" }),
    maxPrice: pesos.optional().openapi({ type: "integer", description: "The max price in Colombian pesos, inclusive" }),
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
        "The order; `-` means descending. `newest`: by the date of the current status, latest first. Equal values are ordered by id",
    }),
    limit: limitParam(20).openapi({ type: "integer", description: "Max properties per page" }),
    cursor,
    format: z.enum(formats).optional().openapi({
      description:
        "`json`: one page; `csv` and `ndjson`: all properties in the order of `sort`, without `limit` and `cursor`. Default: what `Accept` prefers",
    }),
    formulas: z.enum(["escape", "keep"]).default("escape").openapi({
      description:
        "In CSV, `escape` puts an apostrophe before a text that a spreadsheet would run as a formula; `keep` leaves texts as they are",
    }),
  })
  .refine(({ minPrice, maxPrice }) => minPrice === undefined || maxPrice === undefined || !(minPrice > maxPrice), {
    path: ["minPrice"],
    message: "must not be greater than maxPrice",
  });

/** Adds the routes that search properties and get one. */
export function addListingRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  const { db, cursorKey } = deps;

  return app
    .openapi(
      createRoute({
        ...guard.account("properties:read"),
        method: "get",
        path: "/",
        tags: ["properties"],
        summary: "Search properties",
        description:
          "Lists the visible properties that match all filters, each once, with its current status. Visible are `pre_venta`, `en_venta` and `vendido`. " +
          "`Accept: text/csv` or `application/x-ndjson` gets all of them as a stream.",
        request: { query: searchQuery },
        responses: {
          200: {
            description: "A page of properties, or all of them",
            content: { ...jsonResponse(propertiesSchema, "").content, ...exportContent },
          },
          304: notModified,
          404: errorResponse("No records found"),
          406: notAcceptable,
        },
      }),
      async (c) => {
        const { limit, cursor, format, formulas, q = [], ...filters } = c.req.valid("query");
        const sort = filters.year === undefined ? filters.sort : sortWithinYear(filters.sort);
        const after = cursor === undefined ? undefined : searchPosition(cursorKey, sort, cursor);
        const search = { ...filters, sort, words: q, after };
        const type = format ? listTypes[formats.indexOf(format)]! : acceptedType(c.req.header("accept"), listTypes);
        if (type !== "application/json") {
          rejectPaging(c);
          const as = { type, name: "properties", columns, keepsFormulas: formulas === "keep" };
          return sendExport(c, allProperties(db, search), as);
        }
        const { properties, end } = await searchProperties(db, search, limit);
        // With a cursor an empty page is no 404: earlier pages did have results.
        if (properties.length === 0 && after === undefined) throw noRecords();
        const nextCursor = end ? searchCursor(cursorKey, sort, end) : null;
        return sendTagged(c, { status: "success", properties, nextCursor });
      },
    )
    .openapi(
      createRoute({
        ...guard.account("properties:read", onlyJson),
        method: "get",
        path: "/{id}",
        tags: ["properties"],
        summary: "Get a property",
        description:
          "Staff can get properties with any status, other accounts only visible ones. Its `ETag` changes when any field or the status does.",
        request: { params: idParam, ...noQuery },
        responses: {
          200: jsonResponse(propertySchema, "The property"),
          304: notModified,
          406: notAcceptable,
        },
      }),
      async (c) => {
        return sendTagged(c, await readProperty(db, c.req.valid("param").id, c.var.account.isStaff));
      },
    );
}
