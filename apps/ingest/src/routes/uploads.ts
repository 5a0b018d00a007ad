import { createHash, randomUUID } from "node:crypto";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, guards } from "@quintet/auth";
import { errorResponse, idempotent, jsonResponse, noQuery, Problem, type ServiceEnv } from "@quintet/http";
import { Metadata } from "@tus/server";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import { loadKey } from "../loads/start-load.ts";
import type { LoadRequest } from "../uploads/upload-queries.ts";
import { uploadsPath } from "../uploads/uploads.ts";
import { csvQuery, loadOptions } from "./csv.ts";
import { tableInPath } from "./paths.ts";
import { bodyOf } from "./source-file.ts";

const uploadParam = z.strictObject({
  id: z.string().openapi({ param: { name: "id", in: "path" }, description: "The id of the upload" }),
});
const uploadSchema = z
  .strictObject({
    id: z.string().describe("The id of the upload"),
    filename: z.string().nullable().describe("The name of the file; null when there is none"),
    bytes: z.number().int().describe("Bytes that have arrived"),
    size: z.number().int().describe("Bytes of the file"),
    expiresAt: z.string().describe("When the upload is deleted, ISO 8601"),
    table: z
      .string()
      .nullable()
      .describe("The table into which the file is loaded once it is complete; null when nothing was said of it"),
    loadId: z.number().int().nullable().describe("The id of that load; null as long as it has not begun"),
    loadProblem: z.string().nullable().describe("Why the file could not be loaded; null when nothing is wrong"),
  })
  .openapi("Upload");
const text = (description: string) => z.string().max(16_384).optional().describe(description);
const version = text("Version of the protocol: 1.0.0");
const offset = { description: "Bytes that have arrived", schema: { type: "integer" as const } };
const expires = { description: "When the upload is deleted", schema: { type: "string" as const } };
const bytes = {
  content: { "application/offset+octet-stream": { schema: { type: "string" as const, format: "binary" } } },
};

const idLength = 32;
/** The body of a new upload is written while it arrives. */
const isStreamed = () => true;
/** What clients of tus say of a file; other metadata are parameters of its load. */
const ofFile = ["filename", "name", "filetype", "type", "relativePath", "contentType"];

/** How a new upload is loaded at its end, by its metadata; undefined when these name no table. Throws a 400 that names what is wrong. */
async function loadRequestOf(
  deps: Pick<Deps, "tables">,
  c: Context<AccountEnv>,
  header: string,
): Promise<LoadRequest | undefined> {
  const { table: name, ...metadata } = metadataOf(header);
  if (name === undefined) return undefined;
  const table = await tableInPath(deps, name ?? "");
  const given = Object.entries(metadata).filter(([name]) => !ofFile.includes(name));
  const read = csvQuery.safeParse(Object.fromEntries(given.map(([name, value]) => [name, value ?? ""])));
  if (!read.success) {
    const errors = read.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
    const listed = errors.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ");
    throw new Problem("bad-request", `Upload-Metadata: ${listed}.`, { errors });
  }
  const { id: accountId, username } = c.var.account;
  const key = loadKey(accountId, uploadsPath, randomUUID());
  return { options: loadOptions(table, read.data), sheet: read.data.sheet, requester: { accountId, username, key } };
}

/** The metadata of a new upload; none when the library will refuse them. */
function metadataOf(header: string): Record<string, string | null> {
  try {
    return Metadata.parse(header);
  } catch {
    return {};
  }
}

/** Adds `/uploads`: resumable uploads by tus 1.0 (https://tus.io/protocols/resumable-upload). */
export function addUploadRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps): void {
  const staff = guards(deps.auth).staff("ingest:write");
  const { uploads } = deps;

  const respond = async (c: Context<AccountEnv>, more: Parameters<typeof uploads.respond>[2] = {}) => {
    const { method } = c.req;
    const hasBody = method === "POST" || method === "PATCH";
    const request = new Request(c.req.url, {
      method,
      headers: c.req.raw.headers,
      ...(hasBody && { body: bodyOf(c) as never, duplex: "half" as const }),
    });
    const response = await uploads.respond(request, c.var.account.id, more);
    const path = response.headers.get("location") ?? c.req.path;
    if (hasBody) deps.loadUploads.begin(path.slice(-idLength));
    return response;
  };

  app.openapi(
    createRoute({
      ...guards(deps.auth).staff("ingest:write", idempotent(deps.idempotency, undefined, isStreamed)),
      method: "post",
      path: "/uploads",
      tags: ["ingest"],
      summary: "Create an upload",
      description:
        "Staff only. Creates a resumable upload by tus 1.0, which any tus client can send, with the extensions creation, " +
        "creation-with-upload, termination and expiration. `POST /{table}/csv?upload=ID` loads its file once it is complete. With `table` " +
        "in its metadata it is loaded by itself at its end, as `POST /{table}/csv` with the other metadata as parameters would do. Uploads are " +
        "deleted some time after their creation, see `Upload-Expires`; the uploads of an account have a max size in all.",
      request: {
        ...noQuery,
        headers: z.object({
          "tus-resumable": version,
          "upload-length": text("Bytes of the file"),
          "upload-metadata": text(
            "Names and base64 values, separated by commas; `filename` is the name of the file, whose end tells Brotli files; `table` and the " +
              "parameters of a load, such as `mode`: the file is loaded when it is complete",
          ),
        }),
        body: { required: false, ...bytes },
      },
      responses: {
        201: {
          description: "Upload created",
          headers: {
            Location: { description: "Path of the upload", schema: { type: "string" } },
            "Upload-Expires": expires,
            "Upload-Offset": offset,
          },
        },
        404: errorResponse("There is no such table"),
        422: errorResponse("The Idempotency-Key was used for another upload"),
      },
    }),
    async (c) => {
      const header = c.req.header("upload-metadata") ?? "";
      const loadRequest = await loadRequestOf(deps, c, header);
      const { keyed } = c.var;
      if (keyed) {
        const size = c.req.header("upload-length") ?? "";
        keyed.fingerprint = createHash("sha256").update(`${size}\n${header}`).digest("base64url");
      }
      return respond(c, { keyed, loadRequest });
    },
  );

  app.openapi(
    createRoute({
      ...staff,
      method: "get",
      path: "/uploads/{id}",
      tags: ["ingest"],
      summary: "Get an upload",
      description:
        "Staff only, and only one's own uploads. How many bytes have arrived. A `HEAD` is that of tus, from which a client learns where to " +
        "resume the upload.",
      request: { params: uploadParam, ...noQuery },
      responses: {
        200: {
          ...jsonResponse(uploadSchema, "The upload"),
          headers: {
            "Upload-Offset": offset,
            "Upload-Length": { description: "Bytes of the file", schema: { type: "integer" } },
          },
        },
      },
    }),
    async (c) => {
      const found = await uploads.find(c.req.valid("param").id, c.var.account.id);
      if (c.req.method === "HEAD") return respond(c) as never;
      c.header("Cache-Control", "no-store");
      const { id, size, metadata, createdAt, load } = found;
      const expiresAt = new Date(createdAt.getTime() + uploads.settings.hours * 3_600_000).toISOString();
      const { filename = null } = metadata;
      const bytes = await uploads.bytesOf(id);
      const ofLoad = {
        table: load?.request.options.table ?? null,
        loadId: load?.id ?? null,
        loadProblem: load?.end?.problem ?? null,
      };
      return c.json({ id, filename, bytes, size, expiresAt, ...ofLoad }, 200);
    },
  );

  app.openapi(
    createRoute({
      ...staff,
      method: "patch",
      path: "/uploads/{id}",
      tags: ["ingest"],
      summary: "Send bytes of an upload",
      description:
        "Staff only, and only one's own uploads. Appends the body at `Upload-Offset`, which must be the current one (409). The bytes " +
        "that arrived before an interruption are kept.",
      request: {
        params: uploadParam,
        ...noQuery,
        headers: z.object({
          "tus-resumable": version,
          "upload-offset": text("The offset of the first byte of the body"),
        }),
        body: { required: true, ...bytes },
      },
      responses: {
        204: { description: "Bytes stored", headers: { "Upload-Offset": offset, "Upload-Expires": expires } },
      },
    }),
    async (c) => {
      await uploads.find(c.req.valid("param").id, c.var.account.id);
      return respond(c);
    },
  );

  app.openapi(
    createRoute({
      ...staff,
      method: "delete",
      path: "/uploads/{id}",
      tags: ["ingest"],
      summary: "Delete an upload",
      description: "Staff only, and only one's own uploads. Deletes an upload, complete or not.",
      request: { params: uploadParam, ...noQuery, headers: z.object({ "tus-resumable": version }) },
      responses: { 204: { description: "Upload deleted" } },
    }),
    async (c) => {
      await uploads.find(c.req.valid("param").id, c.var.account.id);
      return respond(c);
    },
  );
}
