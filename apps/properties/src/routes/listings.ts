import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { acceptedType, errorResponse, htmlContent, jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { readProperty } from "../properties/properties.ts";
import { countResults } from "../search/facets.ts";
import { allProperties, searchProperties } from "../search/search.ts";
import { searchCursor, searchPosition } from "./cursors.ts";
import { asPage, nobody, readers } from "./pages.ts";
import { sendPropertyPage } from "./property-pages.ts";
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
import { idParam, storedPropertySchema } from "./schemas.ts";
import { pagesWithFields, withFields } from "./search-fields.ts";
import { sendSearchPage } from "./search-page.ts";
import { fieldsInOrder, formats, foundPropertiesSchema, searchQuery } from "./search-schemas.ts";
import { withdrawnPage } from "./withdrawn.ts";

/** Adds the routes that search properties and get one. */
export function addListingRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const read = readers(deps);
  const { db, cursorKey } = deps;

  return app
    .openapi(
      createRoute({
        ...read(
          "properties:read",
          asPage((c) => sendSearchPage(c, deps, frame)),
        ),
        method: "get",
        path: "/",
        tags: ["properties"],
        summary: "Search properties",
        description:
          "Lists the visible properties that match all filters, each once, with its current status. Visible are `pre_venta`, `en_venta` and `vendido`. " +
          "`Accept: text/csv` or `application/x-ndjson` gets all of them as a stream, `text/html` a page. With `PUBLIC_LISTINGS=true` no account is needed.",
        request: { query: searchQuery },
        responses: {
          200: {
            description: "A page of properties, or all of them",
            content: { ...jsonResponse(foundPropertiesSchema, "").content, ...exportContent, ...htmlContent },
          },
          304: notModified,
          404: errorResponse("No records found"),
          406: notAcceptable,
          422: errorResponse("No index serves the search, or its count; `detail` says how to narrow it"),
        },
      }),
      async (c) => {
        const { limit, cursor, format, formulas, fields, count, facets, withdrawn, ...search } = c.req.valid("query");
        if (withdrawn !== undefined) {
          acceptedType(c.req.header("accept"), ["application/json"]);
          return sendTagged(c, await withdrawnPage(c, deps, { limit, cursor }));
        }
        const after = cursor === undefined ? undefined : searchPosition(cursorKey, search.sort, cursor);
        const type = format ? listTypes[formats.indexOf(format)]! : acceptedType(c.req.header("accept"), listTypes);
        const columns = fieldsInOrder(fields);
        if (type !== "application/json") {
          rejectPaging(c);
          const as = { type, name: "properties", columns, keepsFormulas: formulas === "keep" };
          return sendExport(
            c,
            pagesWithFields(db, c.var.account?.id ?? nobody, allProperties(db, search), columns),
            as,
          );
        }
        const { properties, end } = await searchProperties(db, { ...search, after }, limit);
        // With a cursor an empty page is no 404: earlier pages did have results.
        if (properties.length === 0 && after === undefined) throw noRecords();
        const totals = await countResults(db, search, { count, facets });
        const nextCursor = end ? searchCursor(cursorKey, search.sort, end) : null;
        const shown = await withFields(db, c.var.account?.id ?? nobody, properties, columns);
        return sendTagged(c, { status: "success", properties: shown, nextCursor, ...totals });
      },
    )
    .openapi(
      createRoute({
        ...read(
          "properties:read",
          asPage((c) => sendPropertyPage(c, deps, frame)),
          onlyJson,
        ),
        method: "get",
        path: "/{id}",
        tags: ["properties"],
        summary: "Get a property",
        description:
          "Staff can get properties with any status, other accounts only visible ones. Its `ETag` changes when any field or the status does. " +
          "`Accept: text/html` gets a page. With `PUBLIC_LISTINGS=true` no account is needed for visible ones.",
        request: { params: idParam, ...noQuery },
        responses: {
          200: {
            description: "The property",
            content: { ...jsonResponse(storedPropertySchema, "").content, ...htmlContent },
          },
          304: notModified,
          406: notAcceptable,
        },
      }),
      async (c) => {
        return sendTagged(c, await readProperty(db, c.req.valid("param").id, c.var.account?.isStaff === true));
      },
    );
}
