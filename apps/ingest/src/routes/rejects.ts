import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  csvField,
  decodeCursor,
  encodeCursor,
  errorResponse,
  htmlContent,
  jsonResponse,
  limitParam,
  noQuery,
  Problem,
  type ServiceEnv,
  textStream,
} from "@quintet/http";
import { type PageFrame, prefersHtml, sendPage } from "@quintet/pages";
import { accepts } from "hono/accepts";
import type { Deps } from "../deps.ts";
import { loadProblem } from "../loads/load-problem.ts";
import { rejectFile } from "../loads/reject-file.ts";
import {
  deleteRejects,
  hasRejects,
  listRejects,
  rawText,
  readRejects,
  type StoredReject,
} from "../loads/reject-queries.ts";
import { pagesOf } from "../pages/lists.ts";
import { rejectsPage } from "../pages/rejects-page.ts";
import { rejectListSchema } from "./load-schemas.ts";
import { cursorParam, findLoad, loadParam } from "./paths.ts";

const position = z.strictObject({ list: z.literal("rejects"), load: z.number(), line: z.number() });

/** Adds `GET` and `DELETE /loads/{id}/rejects`. */
export function addRejectRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);
  const { db } = deps.loads;

  async function* rejectsAsCsv(id: number): AsyncGenerator<string> {
    yield rejectHeader;
    for await (const rejects of readRejects(db, id)) yield rejectLines(rejects);
  }

  return app
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/loads/{id}/rejects",
        tags: ["ingest"],
        summary: "Download the rejected rows of a load",
        description:
          "CSV with the columns `line` (the line of the file, from 1), `column` (empty when the row as a whole is invalid), `reason` and `raw` " +
          "(the first 2 KiB of the row). With `Accept: application/json`, pages of rows with their codes and up to 64 KiB of each. 404 when " +
          "the rejected rows have expired or were deleted.",
        request: {
          params: loadParam,
          query: z.strictObject({
            format: z
              .enum(["list", "file"])
              .default("list")
              .describe(
                "`file`: the rows as they were sent, in the dialect and with the header of the file of the load, and `_line`, `_column` and " +
                  "`_reason` in front, as fields or as names of JSON objects; once mended, `POST /loads/{id}/retry` takes it",
              ),
            limit: limitParam(20).describe("Rows per page of JSON, 1 to 100; 20 by default; CSV has all rows"),
            cursor: cursorParam,
          }),
        },
        responses: {
          200: {
            description: "The rejected rows",
            content: {
              "text/csv": { schema: { type: "string" as const } },
              "application/x-ndjson": { schema: { type: "string" as const } },
              ...jsonResponse(rejectListSchema, "").content,
              ...htmlContent,
            },
          },
        },
      }),
      async (c) => {
        const kept = await findLoad(deps.loads, c.req.valid("param").id);
        const { load, progress, options } = kept;
        const { id, rejected } = load;
        if (progress.rejectsDeleted) {
          throw new Problem("not-found", `The ${rejected} rejected rows of this load were deleted.`);
        }
        if (rejected > 0 && !(await hasRejects(db, id))) {
          throw new Problem("not-found", `The ${rejected} rejected rows of this load have expired.`);
        }
        if (c.req.valid("query").format === "file") {
          const { contentType, extension, parts } = rejectFile(db, kept);
          c.header("Content-Type", contentType);
          c.header("Content-Disposition", `attachment; filename="load-${id}-rejected-rows.${extension}"`);
          return c.body(textStream(parts), 200);
        }
        const { limit, cursor } = c.req.valid("query");
        const readPage = async () => {
          const after = decodeCursor(deps.cursorKey, cursor, position.extend({ load: z.literal(id) }))?.line ?? 0;
          const found = await listRejects(db, id, { after, limit: limit + 1 });
          const rejects = found.slice(0, limit);
          const last = found.length > limit ? rejects.at(-1) : undefined;
          const next = last && { list: "rejects", load: id, line: last.line };
          return { rejects, next: next ? encodeCursor(deps.cursorKey, next) : null };
        };
        if (c.req.query("format") === undefined && prefersHtml(c.req.header("accept"), false)) {
          const { rejects, next } = await readPage();
          const pages = pagesOf(c.req.path, {}, { cursor, next });
          const { isStaff } = c.var.account;
          const body = rejectsPage({ load, facts: progress.facts, map: options.map, rejects, pages, isStaff });
          return sendPage(c, frame, { title: `Rejected rows of load ${id}`, body });
        }
        const types: Parameters<typeof accepts>[1] = {
          header: "Accept",
          supports: ["text/csv", "application/json"],
          default: "text/csv",
        };
        if (accepts(c, types) === "application/json") {
          const { rejects, next } = await readPage();
          return c.json({ rejects: rejects.map(toJson), nextCursor: next }, 200);
        }
        c.header("Content-Type", "text/csv; charset=utf-8");
        c.header("Content-Disposition", `attachment; filename="load-${id}-rejects.csv"`);
        return c.body(textStream(rejectsAsCsv(id)), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write"),
        method: "delete",
        path: "/loads/{id}/rejects",
        tags: ["ingest"],
        summary: "Delete the rejected rows of a load",
        description: "Staff only. The counts and the summary by reason stay. Deleting them again has no effect.",
        request: { params: loadParam, ...noQuery },
        responses: {
          204: { description: "Rejected rows deleted" },
          409: errorResponse("The load is running, or was cut off and can be resumed", "LoadProblem"),
        },
      }),
      async (c) => {
        const { load } = await findLoad(deps.loads, c.req.valid("param").id);
        if (await deleteRejects(db, load.id)) return c.body(null, 204);
        throw loadProblem(
          new Problem("conflict", `The load has not ended: it is ${load.status}. Cancel it first.`),
          load,
        );
      },
    );
}

function toJson({ line, column, code, reason, raw }: StoredReject) {
  return { line, column: column === "" ? null : column, code, reason, raw: raw.toString() };
}

const rejectHeader = "line,column,reason,raw\r\n";

/** Rejects as lines of CSV (RFC 4180), below `rejectHeader`. */
function rejectLines(rejects: readonly StoredReject[]): string {
  return rejects
    .map(({ line, column, reason, raw }) => [String(line), column, reason, rawText(raw)])
    .map((fields) => `${fields.map((field) => csvField(field)).join(",")}\r\n`)
    .join("");
}
