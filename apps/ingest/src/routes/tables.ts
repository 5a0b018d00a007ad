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
  Problem,
  type ServiceEnv,
  startedTexts,
  textStream,
} from "@quintet/http";
import { type PageFrame, prefersHtml, sendPage } from "@quintet/pages";
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { avroFile } from "../backups/export-avro.ts";
import type { Deps } from "../deps.ts";
import { pagesOf } from "../pages/lists.ts";
import { rowsPage } from "../pages/rows-page.ts";
import { csvHeader, csvLines, jsonLines } from "../rows/row-lines.ts";
import { rowJson } from "../rows/row-values.ts";
import type { RowFilter } from "../store/row-filter.ts";
import { keyOf, readAllRows, readRows } from "../store/table-queries.ts";
import { emptyTable } from "../store/whole-table.ts";
import type { Table } from "../tables/table.ts";
import { cursorParam, nextCursor, tableInPath, tableParam } from "./paths.ts";
import { filterParam, rowFilters } from "./row-filters.ts";

const rowListSchema = z
  .object({
    rows: z
      .array(z.record(z.string(), z.unknown()))
      .describe("The rows of this page by primary key, each with its values by column name"),
    nextCursor,
  })
  .openapi("TableRows", { description: "One page of rows" });

const formats = ["json", "csv", "ndjson", "avro"] as const;
type ExportFormat = Exclude<(typeof formats)[number], "json">;
const contentTypes = {
  csv: "text/csv; charset=utf-8; header=present",
  ndjson: "application/x-ndjson; charset=utf-8",
  avro: "application/avro",
} as const;

/** The format that a client prefers. */
function formatOf(c: Context): (typeof formats)[number] {
  const supports = ["application/json", "text/html", "text/csv", "application/x-ndjson", "application/avro"];
  const type = accepts(c, { header: "Accept", supports, default: "application/json" });
  return formats.find((format) => format !== "json" && contentTypes[format].startsWith(type)) ?? "json";
}

function unpagedProblem(path: string): Problem {
  const message = "is for pages of JSON; this format has all rows";
  return new Problem("bad-request", `${path}: ${message}.`, { errors: [{ path, message }] });
}

/** All rows of a table that pass the filters, as text or bytes. */
async function* exportTexts(
  { reports }: Deps,
  table: Table,
  filters: readonly RowFilter[],
  { as, keepsFormulas }: { as: ExportFormat; keepsFormulas: boolean },
): AsyncGenerator<string | Buffer> {
  if (as === "avro") {
    yield* avroFile(table, readAllRows(reports, table, filters));
    return;
  }
  const lines = as === "csv" ? csvLines(table, keepsFormulas) : jsonLines(table);
  let header = as === "csv" ? csvHeader(table, keepsFormulas) : "";
  for await (const rows of readAllRows(reports, table, filters)) {
    yield header + lines(rows);
    header = "";
  }
  if (header !== "") yield header;
}

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
        description:
          "Rows are ordered by the primary key. Dates and times are ISO 8601, moments in UTC; a number with more digits than a 64-bit " +
          "float keeps is a string. With `Accept: text/csv`, `application/x-ndjson` or `application/avro`, or `format`, the response has all rows that pass " +
          "the filters: CSV in UTF-8 that can be loaded again, with the delimiter, the decimal sign and the booleans of the table's saved " +
          "dialect; NDJSON has an object in each line, Avro is a file like a backup. It is read page by page: rows that are written meanwhile may be in it or not.",
        request: {
          params: tableParam,
          query: z.strictObject({
            limit: limitParam(20).describe("Rows per page of JSON, 1 to 100; 20 by default"),
            cursor: cursorParam,
            filter: filterParam,
            format: z.enum(formats).optional().describe("The format of the response, whatever `Accept` says"),
            formulas: z
              .enum(["escape", "keep"])
              .default("escape")
              .describe(
                "In CSV, `escape` puts an apostrophe before a text that a spreadsheet would run as a formula; `keep` leaves texts as they are",
              ),
          }),
        },
        responses: {
          200: {
            description: "A page of rows, or all of them",
            content: {
              ...jsonResponse(rowListSchema, "").content,
              ...htmlContent,
              "text/csv": { schema: { type: "string" as const } },
              "application/x-ndjson": { schema: { type: "string" as const } },
              "application/avro": { schema: { type: "string" as const, format: "binary" } },
            },
          },
        },
      }),
      async (c) => {
        const { limit, cursor, format, formulas, filter } = c.req.valid("query");
        const table = await tableInPath(deps, c.req.valid("param").table);
        const wantsPage = format === undefined && prefersHtml(c.req.header("accept"), false);
        // An empty field of the form is no filter.
        const filterTexts = [filter ?? []].flat().filter((text) => !wantsPage || text !== "");
        const filters = rowFilters(table, filterTexts);
        const as = format ?? formatOf(c);
        if (as !== "json") {
          const given = ["limit", "cursor"].find((name) => c.req.query(name) !== undefined);
          if (given !== undefined) throw unpagedProblem(given);
          const texts = await startedTexts(
            exportTexts(deps, table, filters, { as, keepsFormulas: formulas === "keep" }),
          );
          c.header("Content-Type", contentTypes[as]);
          c.header("Content-Disposition", `attachment; filename="${table.name}.${as}"`);
          return c.body(textStream(texts), 200);
        }
        const position = z.strictObject({
          list: z.literal(table.name),
          key: z.array(z.string()).length(table.primaryKey.length),
        });
        const after = cursor === undefined ? undefined : decodeCursor(deps.cursorKey, cursor, position).key;
        const found = await readRows(deps.reports, table, { after, filters, limit: limit + 1 });
        const rows = found.slice(0, limit).map((row) => rowJson(table, row));
        const last = found.length > limit ? found[limit - 1] : undefined;
        const next = last ? encodeCursor(deps.cursorKey, { list: table.name, key: keyOf(table, last) }) : null;
        if (wantsPage) {
          const body = rowsPage({
            table: table.name,
            columns: table.columns.map(({ name }) => name),
            rows,
            pages: pagesOf(c.req.path, { filter: filterTexts }, { cursor, next }),
            filters: filterTexts,
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
