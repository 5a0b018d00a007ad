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
import { cancelLoad } from "../loads/cancel-load.ts";
import { loadStatuses } from "../loads/load.ts";
import { listLoads } from "../loads/load-queries.ts";
import { undoLoad } from "../loads/undo-load.ts";
import { newLoadPath } from "../pages/frame.ts";
import { pagesOf } from "../pages/lists.ts";
import { loadPage } from "../pages/load-page.ts";
import { loadsPage } from "../pages/loads-page.ts";
import { loadEvents } from "./load-events.ts";
import { textsFrom } from "./load-form-fields.ts";
import { loadListSchema, loadSchema } from "./load-schemas.ts";
import { cursorParam, findLoad, loadParam } from "./paths.ts";

/** An empty field of a form is no filter. */
const absentIfEmpty = (value: unknown) => (value === "" ? undefined : value);

/** A moment that MySQL can compare with a column, or a day in UTC, which is its first moment. */
const moment = (description: string) =>
  z
    .preprocess(
      absentIfEmpty,
      z
        .union([z.iso.date(), z.iso.datetime({ offset: true })], "must be a date, or an ISO 8601 time with a zone")
        .refine((text) => /^[1-9]\d{3}-/.test(toIso(text)), "must be in the years 1000 to 9999, UTC")
        .optional(),
    )
    .openapi({ type: "string", description })
    .transform((text) => (text === undefined ? undefined : new Date(text)));

/** A moment in UTC; a text that is none stays. */
function toIso(text: string): string {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? text : moment.toISOString();
}

const position = z.strictObject({ list: z.literal("loads"), startedAt: z.string(), id: z.number() });

/** Adds `GET /loads`, `GET /loads/{id}` and its events, and `DELETE /loads/{id}`. */
export function addLoadRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);
  const { db, heartbeatTimeoutMs } = deps.loads;

  return app
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/loads",
        tags: ["ingest"],
        summary: "List loads",
        description: "Loads of all tables and accounts, newest first, also of tables that were deleted since.",
        request: {
          query: z.strictObject({
            limit: limitParam(20).describe("Loads per page, 1 to 100; 20 by default"),
            cursor: cursorParam,
            table: z
              .string()
              .max(48)
              .optional()
              .describe("Only loads of this table, which may have been deleted since"),
            status: z
              .preprocess(absentIfEmpty, z.enum(loadStatuses).optional())
              .openapi({ type: "string", enum: [...loadStatuses], description: "Only loads with this status" }),
            createdBy: z
              .string()
              .max(150)
              .optional()
              .describe("Only loads that the account with this username started"),
            retryOf: z.coerce
              .number()
              .int()
              .min(1)
              .max(999_999_999_999_999)
              .optional()
              .describe("Only loads of the mended rejected rows of this load"),
            from: moment("Only loads that started at this time or later, ISO 8601; a date is its beginning in UTC"),
            until: moment("Only loads that started before this time, ISO 8601; a date is its beginning in UTC"),
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
        const { limit, cursor, table, createdBy, ...others } = c.req.valid("query");
        // An empty field of a form is no filter.
        const filter = { ...others, table: table || undefined, createdBy: createdBy || undefined };
        const before = decodeCursor(deps.cursorKey, cursor, position);
        const found = await listLoads(db, filter, { limit: limit + 1, before }, heartbeatTimeoutMs);
        const loads = found.slice(0, limit);
        const last = found.length > limit ? loads.at(-1) : undefined;
        const nextCursor = last
          ? encodeCursor(deps.cursorKey, { list: "loads", startedAt: last.startedAt, id: last.id })
          : null;
        if (prefersHtml(c.req.header("accept"), false)) {
          const pages = pagesOf(c.req.path, { ...c.req.query(), cursor: undefined }, { cursor, next: nextCursor });
          const tables = (await deps.tables.list()).map(({ name }) => name);
          const body = loadsPage({ loads, pages, tables, filter: c.req.query(), isStaff: c.var.account.isStaff });
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
        const { load, options } = await findLoad(deps.loads, c.req.valid("param").id);
        if (!prefersHtml(c.req.header("accept"), false)) return c.json(load, 200);
        const columns = (await deps.tables.find(load.table))?.columns.map(({ name }) => name) ?? [];
        const canLoad = load.dryRun && load.status === "done" && columns.length > 0;
        const again = canLoad ? `${newLoadPath}?${new URLSearchParams(textsFrom(options))}` : undefined;
        const body = loadPage({ load, columns, again, isStaff: c.var.account.isStaff });
        return sendPage(c, frame, { title: `Load ${load.id}`, body, scripts: ["poll.js"] });
      },
    )
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/loads/{id}/events",
        tags: ["ingest"],
        summary: "Watch a load",
        description:
          "Server-sent events of a load in whichever process it runs: a `progress` event with the load whenever its counts have changed, then " +
          "one `load` event once it has ended or was cut off. Comments every 15 seconds keep the stream open.",
        request: { params: loadParam, ...noQuery },
        responses: {
          200: {
            description: "Events until the load has ended or was cut off",
            content: { "text/event-stream": { schema: { type: "string" as const } } },
          },
        },
      }),
      async (c) => {
        const { id } = (await findLoad(deps.loads, c.req.valid("param").id)).load;
        return loadEvents(c, deps.loads, id);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write"),
        method: "delete",
        path: "/loads/{id}",
        tags: ["ingest"],
        summary: "Cancel or undo a load",
        description:
          "Staff only. The load stores no more rows, whichever process runs it. Batches that are committed stay; a load whose rows are " +
          "staged (`mode=replace`, `maxRejects`, `onError=abort`) stores nothing. A cancelled load cannot be resumed: its client and " +
          "requests with its Idempotency-Key get a 409. Cancelling it again has no effect.\n\n" +
          "`undo=true` takes back a load that has ended: rows that it inserted are deleted, and rows that it changed or deleted are again as " +
          "they were, all of them or none. That is a 409, which says why, when its rows were touched by something else since or when " +
          "references would break. Undoing it again has no effect.",
        request: {
          params: loadParam,
          query: z.strictObject({
            undo: z
              .enum(["true", "false"])
              .default("false")
              .describe("Whether to take back what the load has stored, instead of cancelling it"),
          }),
        },
        responses: {
          200: jsonResponse(loadSchema, "Load undone"),
          202: {
            ...jsonResponse(loadSchema, "Load cancelled"),
            headers: { Location: { description: "Path of the load", schema: { type: "string" } } },
          },
          409: errorResponse(
            "The load has already ended, so that it cannot be cancelled; or it cannot be undone",
            "LoadProblem",
          ),
        },
      }),
      async (c) => {
        const { id } = (await findLoad(deps.loads, c.req.valid("param").id)).load;
        if (c.req.valid("query").undo === "true") return c.json(await undoLoad(deps.loads, id), 200);
        const load = await cancelLoad(deps.loads, id);
        c.header("Location", `/ingest/loads/${id}`);
        return c.json(load, 202);
      },
    );
}
