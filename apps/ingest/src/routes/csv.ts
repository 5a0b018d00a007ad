import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, guards } from "@quintet/auth";
import {
  beginWaiting,
  errorResponse,
  eventStream,
  jsonResponse,
  problemBody,
  recordOf,
  type ServiceEnv,
  toProblem,
} from "@quintet/http";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import { type LoadCounts, type LoadOptions, rejectsUrl } from "../loads/load.ts";
import { type PreparedLoad, prepareLoad } from "../loads/load-file.ts";
import { loadKey } from "../loads/start-load.ts";
import { loadModes } from "../store/store-batch.ts";
import type { Table } from "../tables/table.ts";
import { declaredEncoding } from "../upload/file-in-body.ts";
import { dialectGiven, dialectQuery, mapGiven, mappingQuery } from "./dialect-query.ts";
import { loadProblemSchema, loadSchema } from "./load-schemas.ts";
import { tableInPath, tableParam } from "./paths.ts";
import { sourceFile } from "./source-file.ts";

const flag = (description: string) => z.enum(["true", "false"]).default("false").describe(description);
export const csvQuery = z.strictObject({
  header: z
    .enum(["auto", "true", "false"])
    .default("auto")
    .describe(
      "Whether the file has a header: `auto` detects it, `true` requires one, `false` assigns columns by position",
    ),
  mode: z
    .enum(loadModes)
    .default("insert")
    .describe(
      "`insert` rejects a row whose key exists, `upsert` replaces the row with the same key, `replace` makes the table exactly the valid " +
        "rows of the file, in one step, `merge` does the same as an upsert that also deletes the rows that the file lacks",
    ),
  dryRun: flag("Check the file and store nothing; the response is the same"),
  maxRejects: z
    .string()
    .regex(/^(?:\d{1,12}|(?:\d{1,2}(?:\.\d{1,4})?|100)%)$/, "must be a number of rows or a percentage such as 0.5%")
    .optional()
    .describe(
      "Store nothing when more rows than this are rejected: a number, or a percentage such as `0.5%`; no limit by default, 0 with `mode=replace`, `mode=merge` or `onError=abort`",
    ),
  onError: z
    .enum(["skip", "abort"])
    .default("skip")
    .describe(
      "`skip` reads on after a rejected row, `abort` ends the load as soon as more than `maxRejects` rows are rejected",
    ),
  allowEmpty: flag("Allow `mode=replace` and `mode=merge` to leave the table empty"),
  sheet: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe(
      "The sheet of an Excel workbook that is loaded: its name, or its number from 1; the first one by default",
    ),
  ...dialectQuery,
  ...mappingQuery,
});
const keyPattern = /^[\x21-\x7e]{1,255}$/;
const keepAliveMs = 15_000;
const loadErrorResponse = (description: string) => errorResponse(description, "LoadProblem");

/** The headers, the body and the responses of a request that loads a file. */
export const loadHeaders = z.object({
  "idempotency-key": z
    .string()
    .regex(keyPattern, "must be 1 to 255 printable ASCII characters")
    .optional()
    .describe("Makes the load safe to retry: 1 to 255 printable ASCII characters, valid for two days"),
});
export const loadBody = {
  required: true as const,
  content: {
    "text/csv": { schema: { type: "string" as const, format: "binary" } },
    "application/x-ndjson": { schema: { type: "string" as const, format: "binary" } },
    "multipart/form-data": {
      schema: {
        type: "object" as const,
        properties: { file: { type: "string" as const, format: "binary", description: "The CSV or NDJSON file" } },
        required: ["file"],
      },
    },
  },
};
export const loadResponses = {
  200: {
    description: "Load done",
    content: { ...jsonResponse(loadSchema, "").content, "text/event-stream": { schema: { type: "string" as const } } },
  },
  400: loadErrorResponse(
    "The body is incomplete or damaged, or a parameter is invalid; a load that has started is cut off",
  ),
  409: loadErrorResponse(
    "The file would break references to the table, or the load was cancelled, or a load with this Idempotency-Key is in flight",
  ),
  422: loadErrorResponse(
    "Too many rows were rejected, or `mode=replace` has no valid row, and nothing is stored; or the multipart body has an unknown " +
      "part; or the Idempotency-Key was used with a different file or different parameters",
  ),
  default: {
    ...loadErrorResponse(
      "Errors of any operation: the client stopped sending (408), too many loads (429), internal error (500), a store is " +
        "unavailable (503); a load that has started is cut off",
    ),
    headers: { "Retry-After": { description: "Seconds to wait before a retry", schema: { type: "integer" as const } } },
  },
};

/** Adds `POST /{table}/csv`: loads a file of any size, streamed. */
export function addCsvRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  app.openAPIRegistry.register("LoadProblem", loadProblemSchema);
  return app.openapi(
    createRoute({
      ...guard.staff("ingest:write"),
      method: "post",
      path: "/{table}/csv",
      tags: ["ingest"],
      summary: "Load a CSV or NDJSON file",
      description:
        "Staff only. The body is the file (`text/csv`, or `application/x-ndjson` with a JSON object in each line) or has it as its multipart part `file`, optionally with `Content-Encoding: gzip`, `zstd` " +
        "or `br`. The file may also be a gzip or Zstandard file, or a ZIP archive with one file, or an Excel workbook (`.xlsx`), or a Parquet file without nested columns. It may also be a complete upload (`upload`), " +
        'or an object of the configured store of S3, whose URL is the JSON body `{"url": "s3://bucket/key"}`. Rows ' +
        "that break a rule are rejected with a reason, the others are stored batch by batch. With `Accept: text/event-stream` the " +
        "response is a stream of `progress` events that ends with a `load` or a `problem` event. A load that was cut off is resumed by " +
        "sending the same file with the same Idempotency-Key.",
      request: {
        params: tableParam,
        query: csvQuery.extend({
          upload: z
            .string()
            .max(64)
            .optional()
            .describe("The id of a complete upload of one's own, whose file is loaded; the request then has no body"),
        }),
        headers: loadHeaders,
        body: { ...loadBody, required: false },
      },
      responses: loadResponses,
    }),
    async (c) => {
      const table = await tableInPath(deps, c.req.valid("param").table);
      const { upload, ...query } = c.req.valid("query");
      const options = loadOptions(table, query);
      const given = c.req.valid("header")["idempotency-key"];
      return receiveLoad(c, deps, { table, options, given, upload, sheet: query.sheet });
    },
  );
}

interface FilePlace {
  upload?: string | undefined;
  sheet?: string | undefined;
}

/** Loads the file of a request; `given`: its Idempotency-Key, `upload`: the id of the upload that is the file, `sheet`: see `csvQuery`. */
export async function receiveLoad(
  c: Context<AccountEnv>,
  deps: Deps,
  { table, options, given, ...place }: { table: Table; options: LoadOptions; given: string | undefined } & FilePlace,
) {
  const wantsEvents = c.req.header("accept")?.includes("text/event-stream") === true;
  // Before the load is created, because that cannot be undone.
  if (wantsEvents) beginWaiting(c);
  const file = await sourceFile(c, deps, place);
  const { account } = c.var;
  const key = given && loadKey(account.id, c.req.path, given);
  const requester = { accountId: account.id, username: account.username, key };
  const declared = place.upload === undefined ? declaredEncoding(c.req.header("content-type")) : undefined;
  const dialect = declared === undefined ? options.dialect : { encoding: declared, ...options.dialect };
  const prepared = await prepareLoad(deps.loads, table, { ...options, dialect }, requester, file);
  if (prepared.replayed) c.header("Idempotency-Replayed", "true");
  attachLoadToRequest(c, prepared);
  if (wantsEvents) return progressEvents(c, prepared);
  return c.json(await prepared.run((counts) => attachLoadToRequest(c, prepared, counts)), 200);
}

/** The options of a load out of the parameters of its request. Throws a 400 for what the table does not have. */
export function loadOptions(table: Table, query: z.output<typeof csvQuery>): LoadOptions {
  const { mode, header, onError, extra } = query;
  return {
    table: table.name,
    mode,
    header,
    onError,
    extra,
    dryRun: query.dryRun === "true",
    allowEmpty: query.allowEmpty === "true",
    maxRejects: query.maxRejects ?? null,
    retryOf: null,
    dialect: dialectGiven(query),
    map: mapGiven(table, query.map),
  };
}

/** Adds the state of the load to the problem that the server itself sends when it ends the request during the body. */
export function attachLoadToRequest(
  c: Context<AccountEnv>,
  { id, counts: before }: PreparedLoad,
  counts: LoadCounts = before,
): void {
  if (c.env?.incoming) recordOf(c.env.incoming).problemMembers = { loadId: id, ...counts, rejectsUrl: rejectsUrl(id) };
}

function progressEvents(c: Context<AccountEnv>, prepared: PreparedLoad): Response {
  return eventStream(c, async (stream) => {
    const send = (event: string, data: unknown) => stream.writeSSE({ event, data: JSON.stringify(data) });
    const keepAlive = setInterval(() => {
      stream.write(": still loading\n\n").catch(() => {});
    }, keepAliveMs);
    try {
      // The response headers are sent with the first bytes, long before the first batch.
      await stream.write(": loading\n\n");
      const load = await prepared.run((counts) => {
        attachLoadToRequest(c, prepared, counts);
        send("progress", counts).catch(() => {}); // A disconnected client ends the load by itself.
      });
      await send("load", load);
    } catch (error) {
      const problem = toProblem(error);
      if (problem.status >= 500)
        c.var.log.error({ err: problem.cause ?? problem, http: { request: { id: c.var.requestId } } });
      await send("problem", problemBody(problem, c.req.path, c.var.requestId));
    } finally {
      clearInterval(keepAlive);
    }
  });
}
