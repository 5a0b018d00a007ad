import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  decodeCursor,
  encodeCursor,
  errorResponse,
  htmlContent,
  jsonResponse,
  limitParam,
  noQuery,
  type ServiceEnv,
} from "@quintet/http";
import { type PageFrame, prefersHtml, sendPage } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { pagesOf } from "../pages/lists.ts";
import { rowsPage } from "../pages/rows-page.ts";
import { listRows } from "../store/table-queries.ts";
import { emptyTable } from "../store/whole-table.ts";
import { cursorParam, nextCursor, tableInPath, tableParam } from "./paths.ts";

const rowListSchema = z
  .object({
    rows: z
      .array(z.record(z.string(), z.union([z.string(), z.number()])))
      .describe("The rows of this page by id, each with its values by column name"),
    nextCursor,
  })
  .openapi("TableRows", { description: "One page of rows" });

/** Adds `GET /{table}` and `DELETE /{table}`. */
export function addTableRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/{table}",
        tags: ["ingest"],
        summary: "List the rows of a table",
        description: "Rows are ordered by id. Dates and times are ISO 8601 in UTC.",
        request: {
          params: tableParam,
          query: z.strictObject({
            limit: limitParam(20).describe("Rows per page, 1 to 100; 20 by default"),
            cursor: cursorParam,
          }),
        },
        responses: {
          200: {
            description: "A page of rows",
            content: { ...jsonResponse(rowListSchema, "").content, ...htmlContent },
          },
        },
      }),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const table = await tableInPath(deps, c.req.valid("param").table);
        const position = z.strictObject({ list: z.literal(table.name), id: z.number() });
        const after = cursor === undefined ? 0 : decodeCursor(deps.cursorKey, cursor, position).id;
        const found = await listRows(deps.reports, table, after, limit + 1);
        const rows = found.slice(0, limit);
        const last = found.length > limit ? rows.at(-1) : undefined;
        const next = last ? encodeCursor(deps.cursorKey, { list: table.name, id: last.id }) : null;
        if (prefersHtml(c.req.header("accept"), false)) {
          const body = rowsPage({
            table: table.name,
            columns: table.columns.map(({ name }) => name),
            rows,
            pages: pagesOf(c.req.path, {}, { cursor, next }),
            isStaff: c.var.account.isStaff,
          });
          return sendPage(c, frame, { title: table.name, body });
        }
        return c.json({ rows, nextCursor: next }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write"),
        method: "delete",
        path: "/{table}",
        tags: ["ingest"],
        summary: "Delete all rows of a table",
        description: "Staff only. Deletes every row or none.",
        request: { params: tableParam, ...noQuery },
        responses: {
          204: { description: "Rows deleted" },
          409: errorResponse("Rows of another table refer to it"),
        },
      }),
      async (c) => {
        await emptyTable(deps.loads.bulk, await tableInPath(deps, c.req.valid("param").table));
        return c.body(null, 204);
      },
    );
}
