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
} from "@quintet/http";
import { type PageFrame, prefersHtml, sendPage } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { cancelLoad } from "../loads/cancel-load.ts";
import { listLoads } from "../loads/load-queries.ts";
import { hasRejects, rawText, readRejects, type StoredReject } from "../loads/reject-queries.ts";
import { pagesOf } from "../pages/lists.ts";
import { loadPage } from "../pages/load-page.ts";
import { loadsPage } from "../pages/loads-page.ts";
import { loadListSchema, loadSchema } from "./load-schemas.ts";
import { cursorParam, findLoad, loadParam } from "./paths.ts";

const position = z.strictObject({ list: z.literal("loads"), startedAt: z.string(), id: z.number() });

/** Adds `GET /loads`, `/loads/{id}`, `/loads/{id}/rejects`, and `DELETE /loads/{id}`. */
export function addLoadRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);
  const { db, heartbeatTimeoutMs } = deps.loads;

  const find = async (id: string) => (await findLoad(deps.loads, id)).load;

  async function* rejectsAsCsv(id: number): AsyncGenerator<string> {
    yield rejectHeader;
    for await (const rejects of readRejects(db, id)) yield rejectLines(rejects);
  }

  return app
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/loads",
        tags: ["ingest"],
        summary: "List loads",
        description: "Loads of all tables and accounts, newest first.",
        request: {
          query: z.strictObject({
            limit: limitParam(20).describe("Loads per page, 1 to 100; 20 by default"),
            cursor: cursorParam,
          }),
        },
        responses: {
          200: {
            description: "A page of loads",
            content: { ...jsonResponse(loadListSchema, "").content, ...htmlContent },
          },
        },
      }),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const before = decodeCursor(deps.cursorKey, cursor, position);
        const found = await listLoads(db, { limit: limit + 1, before }, heartbeatTimeoutMs);
        const loads = found.slice(0, limit);
        const last = found.length > limit ? loads.at(-1) : undefined;
        const nextCursor = last
          ? encodeCursor(deps.cursorKey, { list: "loads", startedAt: last.startedAt, id: last.id })
          : null;
        if (prefersHtml(c.req.header("accept"), false)) {
          const pages = pagesOf(c.req.path, {}, { cursor, next: nextCursor });
          const body = loadsPage({ loads, pages, isStaff: c.var.account.isStaff });
          return sendPage(c, frame, { title: "Loads", body, scripts: ["poll.js"] });
        }
        return c.json({ loads, nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/loads/{id}",
        tags: ["ingest"],
        summary: "Get a load",
        description: "The state and the counts of a load, also while it is running.",
        request: { params: loadParam, ...noQuery },
        responses: {
          200: { description: "The load", content: { ...jsonResponse(loadSchema, "").content, ...htmlContent } },
        },
      }),
      async (c) => {
        const load = await find(c.req.valid("param").id);
        if (!prefersHtml(c.req.header("accept"), false)) return c.json(load, 200);
        const body = loadPage({ load, isStaff: c.var.account.isStaff });
        return sendPage(c, frame, { title: `Load ${load.id}`, body, scripts: ["poll.js"] });
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write"),
        method: "delete",
        path: "/loads/{id}",
        tags: ["ingest"],
        summary: "Cancel a load",
        description:
          "Staff only. The load stores no more rows, whichever process runs it. Batches that are committed stay; a load whose rows are " +
          "staged (`mode=replace`, `maxRejects`, `onError=abort`) stores nothing. A cancelled load cannot be resumed: its client and " +
          "requests with its Idempotency-Key get a 409. Cancelling it again has no effect.",
        request: { params: loadParam, ...noQuery },
        responses: {
          202: {
            ...jsonResponse(loadSchema, "Load cancelled"),
            headers: { Location: { description: "Path of the load", schema: { type: "string" } } },
          },
          409: errorResponse("The load has already ended: it is done or failed", "LoadProblem"),
        },
      }),
      async (c) => {
        const { id } = await find(c.req.valid("param").id);
        const load = await cancelLoad(deps.loads, id);
        c.header("Location", `/ingest/loads/${id}`);
        return c.json(load, 202);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/loads/{id}/rejects",
        tags: ["ingest"],
        summary: "Download the rejected rows of a load",
        description:
          "CSV with the columns `line` (the line of the file, from 1), `column` (empty when the row as a whole is invalid), `reason` and `raw` " +
          "(the first 2 KiB of the row). 404 when the rejected rows have expired.",
        request: { params: loadParam, ...noQuery },
        responses: {
          200: { description: "The rejected rows", content: { "text/csv": { schema: { type: "string" } } } },
        },
      }),
      async (c) => {
        const { id, rejected } = await find(c.req.valid("param").id);
        if (rejected > 0 && !(await hasRejects(db, id))) {
          throw new Problem("not-found", `The ${rejected} rejected rows of this load have expired.`);
        }
        c.header("Content-Type", "text/csv; charset=utf-8");
        c.header("Content-Disposition", `attachment; filename="load-${id}-rejects.csv"`);
        return c.body(textStream(rejectsAsCsv(id)), 200);
      },
    );
}

/** Texts as a stream that reads only as fast as it is consumed. */
function textStream(texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const next = await texts.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    cancel: async () => {
      await texts.return(undefined);
    },
  });
}

const rejectHeader = "line,column,reason,raw\r\n";

/** Rejects as lines of CSV (RFC 4180), below `rejectHeader`. */
function rejectLines(rejects: readonly StoredReject[]): string {
  return rejects
    .map((reject) => [String(reject.line), reject.column, reject.reason, rawText(reject.raw)])
    .map((fields) => `${fields.map(quoted).join(",")}\r\n`)
    .join("");
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
