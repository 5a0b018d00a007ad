import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, jsonResponse, limitParam, noQuery, Problem, type ServiceEnv, wholeNumber } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { readProperty } from "../properties/properties.ts";
import { visibleStatuses } from "../properties/statuses.ts";
import { searchProperties } from "../search/search.ts";
import { sorts, sortWithinYear } from "../search/sort-orders.ts";
import { maxWords, wordsOf } from "../term-index/words.ts";
import { searchCursor, searchPosition } from "./cursors.ts";
import { cursor, idParam, line, pesos, propertiesSchema, propertySchema } from "./schemas.ts";

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
          "Lists the visible properties that match all filters, each once, with its current status. Visible are `pre_venta`, `en_venta` and `vendido`.",
        request: { query: searchQuery },
        responses: {
          200: jsonResponse(propertiesSchema, "A page of properties"),
          404: errorResponse("No records found"),
        },
      }),
      async (c) => {
        const { limit, cursor, q = [], ...filters } = c.req.valid("query");
        const sort = filters.year === undefined ? filters.sort : sortWithinYear(filters.sort);
        const after = cursor === undefined ? undefined : searchPosition(cursorKey, sort, cursor);
        const { properties, end } = await searchProperties(db, { ...filters, sort, words: q, after }, limit);
        // With a cursor an empty page is no 404: earlier pages did have results.
        if (properties.length === 0 && after === undefined) throw new Problem("not-found", "No records found");
        const nextCursor = end ? searchCursor(cursorKey, sort, end) : null;
        return c.json({ status: "success" as const, properties, nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("properties:read"),
        method: "get",
        path: "/{id}",
        tags: ["properties"],
        summary: "Get a property",
        description: "Staff can get properties with any status, other accounts only visible ones.",
        request: { params: idParam, ...noQuery },
        responses: { 200: jsonResponse(propertySchema, "The property") },
      }),
      async (c) => c.json(await readProperty(db, c.req.valid("param").id, c.var.account.isStaff), 200),
    );
}
