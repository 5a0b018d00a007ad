import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, jsonResponse, limitParam, noQuery, Problem, type ServiceEnv, wholeNumber } from "@quintet/http";
import { searchCursor, searchPlace } from "../cursors.ts";
import type { Deps } from "../deps.ts";
import { readProperty } from "../properties.ts";
import { searchProperties } from "../search.ts";
import { maxWords, wordsOf } from "../search-words.ts";
import { sorts, sortWithinYear } from "../sort-orders.ts";
import { visibleStatuses } from "../statuses.ts";
import { cursor, idParam, line, pesos, propertiesSchema, propertySchema } from "./schemas.ts";

const searchQuery = z
  .strictObject({
    city: line(80).optional().openapi({ description: "Without regard to case or accents", example: "pereira" }),
    year: wholeNumber(0, 9999).optional().openapi({ type: "integer", example: 2019 }),
    status: z.enum(visibleStatuses, "must be pre_venta, en_venta or vendido").optional(),
    minPrice: pesos.optional().openapi({ type: "integer" }),
    maxPrice: pesos.optional().openapi({ type: "integer" }),
    q: z
      .string()
      .max(100, "must have 100 characters or fewer")
      .transform(wordsOf)
      .refine((words) => words.length > 0, "must hold a word of letters or digits")
      .refine((words) => words.length <= maxWords, `must hold ${maxWords} words or fewer`)
      .optional()
      .openapi({ type: "string", description: "Words, or beginnings of words, of address and description" }),
    sort: z.enum(sorts).default("id").openapi({ description: "newest: by the date of the latest status" }),
    limit: limitParam(20).openapi({ type: "integer" }),
    cursor,
  })
  .refine(({ minPrice, maxPrice }) => minPrice === undefined || maxPrice === undefined || !(minPrice > maxPrice), {
    path: ["minPrice"],
    message: "must not be above maxPrice",
  });

/** Search and one property. */
export function listingRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  const { db, cursorKey } = deps;

  return app
    .openapi(
      createRoute({
        ...guard.account("properties:read"),
        method: "get",
        path: "/",
        tags: ["properties"],
        summary: "Visible properties, each once, with its latest status",
        request: { query: searchQuery },
        responses: { 200: jsonResponse(propertiesSchema, "A page of them"), 404: errorResponse("No records found") },
      }),
      async (c) => {
        const { limit, cursor, q = [], ...filters } = c.req.valid("query");
        const sort = filters.year === undefined ? filters.sort : sortWithinYear(filters.sort);
        const after = cursor === undefined ? undefined : searchPlace(cursorKey, sort, cursor);
        const { properties, end } = await searchProperties(db, { ...filters, sort, words: q, after }, limit);
        // A page that a cursor led to may have become empty meanwhile; the search as a whole did find something.
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
        summary: "One property; staff see it whatever its status",
        request: { params: idParam, ...noQuery },
        responses: { 200: jsonResponse(propertySchema, "The property") },
      }),
      async (c) => c.json(await readProperty(db, c.req.valid("param").id, c.var.account.isStaff), 200),
    );
}
