import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
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
import { type LoadCounts, rejectsUrl } from "../loads/load.ts";
import { type PreparedLoad, prepareLoad } from "../loads/load-file.ts";
import { csvFile } from "../upload/csv-file.ts";
import { loadProblemSchema, loadSchema } from "./load-schemas.ts";
import { tableInPath, tableParam } from "./paths.ts";

const flag = z.enum(["true", "false"]).default("false");
const csvQuery = z.strictObject({
  header: z.enum(["auto", "true", "false"]).default("auto"),
  mode: z.enum(["insert", "upsert", "replace"]).default("insert"),
  dryRun: flag,
  maxRejects: z
    .string()
    .regex(/^(?:\d{1,12}|(?:\d{1,2}(?:\.\d{1,4})?|100)%)$/, "must be a number of rows or a share such as 0.5%")
    .optional(),
  onError: z.enum(["skip", "abort"]).default("skip"),
  allowEmpty: flag,
});
const keyPattern = /^[\x21-\x7e]{1,255}$/;
const quietMs = 15_000;
const loadRefusal = (description: string) => errorResponse(description, "LoadProblem");

/** `POST /{table}/csv`: a file of any size, streamed. */
export function addCsvRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  app.openAPIRegistry.register("LoadProblem", loadProblemSchema);
  return app.openapi(
    createRoute({
      ...guard.staff("ingest:write"),
      method: "post",
      path: "/{table}/csv",
      tags: ["ingest"],
      summary: "Load a CSV file",
      description:
        "The body is the file (text/csv), or has it as its multipart part `file`; it may be packed with gzip. Rows that break a rule are " +
        "rejected, the others stored batch by batch. With `Accept: text/event-stream` the answer is a stream of `progress` " +
        "events that ends with a `load` or a `problem`. With an Idempotency-Key, a load that was cut off goes on.",
      request: {
        params: tableParam,
        query: csvQuery,
        headers: z.object({
          "idempotency-key": z.string().regex(keyPattern, "must be 1 to 255 printable ASCII characters").optional(),
        }),
        body: {
          required: true,
          content: {
            "text/csv": { schema: { type: "string", format: "binary" } },
            "multipart/form-data": {
              schema: {
                type: "object",
                properties: { file: { type: "string", format: "binary" } },
                required: ["file"],
              },
            },
          },
        },
      },
      responses: {
        200: {
          description: "The load",
          content: { ...jsonResponse(loadSchema, "").content, "text/event-stream": { schema: { type: "string" } } },
        },
        400: loadRefusal("The body ended badly or a parameter is wrong; a load that had begun is cut off"),
        409: loadRefusal(
          "The file would break references to the table, its load was cancelled, or one with this Idempotency-Key is in flight",
        ),
        422: loadRefusal(
          "Too many rows were rejected, or no good row came, and nothing is stored; or the multipart body has another part; " +
            "or the Idempotency-Key came with another file or other parameters before",
        ),
        default: {
          ...loadRefusal(
            "What may happen to any call: the body stands still (408), too many loads (429), a fault here (500), a store that is " +
              "unavailable (503), …; a load that had begun is cut off",
          ),
          headers: { "Retry-After": { description: "Seconds, where waiting helps", schema: { type: "integer" } } },
        },
      },
    }),
    async (c) => {
      const table = tableInPath(c.req.valid("param").table);
      const { dryRun, allowEmpty, maxRejects = null, ...query } = c.req.valid("query");
      const wantsEvents = c.req.header("accept")?.includes("text/event-stream") === true;
      // Before the load begins, which could not be taken back.
      if (wantsEvents) beginWaiting(c);
      const file = await csvFile(bodyOf(c), {
        contentType: c.req.header("content-type"),
        contentEncoding: c.req.header("content-encoding"),
        contentLength: lengthOf(c),
      });
      const { account } = c.var;
      const given = c.req.valid("header")["idempotency-key"];
      const key = given && createHash("sha256").update(`${account.id}\n${c.req.path}\n${given}`).digest("base64url");
      const flags = { dryRun: dryRun === "true", allowEmpty: allowEmpty === "true" };
      const options = { table: table.name, ...query, ...flags, maxRejects };
      const by = { accountId: account.id, username: account.username, key };
      const prepared = await prepareLoad(deps.loads, options, by, file);
      if (prepared.replayed) c.header("Idempotency-Replayed", "true");
      attachLoadToRequest(c, prepared);
      if (wantsEvents) return progressEvents(c, prepared);
      return c.json(await prepared.run((counts) => attachLoadToRequest(c, prepared, counts)), 200);
    },
  );
}

/** The body as a Node stream: Node's own request where there is one, since a web stream costs as much as the whole parsing. */
function bodyOf(c: Context<AccountEnv>): Readable {
  const incoming = c.env?.incoming;
  if (incoming instanceof Readable) return incoming;
  const body = c.req.raw.body;
  return body ? Readable.fromWeb(body as ReadableStream) : Readable.from([]);
}

/** The body's length as the request says it; over a socket, neither length nor coding means that there is none. */
function lengthOf(c: Context<AccountEnv>): string | undefined {
  const headers = c.env?.incoming?.headers;
  const length = c.req.header("content-length");
  return headers && headers["transfer-encoding"] === undefined ? (length ?? "0") : length;
}

/** What the server itself says of the load when it ends the request in the middle of the body. */
function attachLoadToRequest(
  c: Context<AccountEnv>,
  { id, counts: before }: PreparedLoad,
  counts: LoadCounts = before,
): void {
  if (c.env?.incoming) recordOf(c.env.incoming).problemMembers = { loadId: id, ...counts, rejectsUrl: rejectsUrl(id) };
}

function progressEvents(c: Context<AccountEnv>, prepared: PreparedLoad): Response {
  return eventStream(c, async (stream) => {
    const send = (event: string, data: unknown) => stream.writeSSE({ event, data: JSON.stringify(data) });
    const quiet = setInterval(() => {
      stream.write(": still loading\n\n").catch(() => {});
    }, quietMs);
    try {
      // The head of the answer goes out with the first bytes, long before the first batch.
      await stream.write(": loading\n\n");
      const load = await prepared.run((counts) => {
        attachLoadToRequest(c, prepared, counts);
        send("progress", counts).catch(() => {}); // A client that has gone ends the load itself.
      });
      await send("load", load);
    } catch (error) {
      const problem = toProblem(error);
      if (problem.status >= 500)
        c.var.log.error({ err: problem.cause ?? problem, http: { request: { id: c.var.requestId } } });
      await send("problem", problemBody(problem, c.req.path, c.var.requestId));
    } finally {
      clearInterval(quiet);
    }
  });
}
