import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, guards } from "@quintet/auth";
import { jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
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
  })
  .openapi("Upload");
const text = (description: string) => z.string().max(16_384).optional().describe(description);
const version = text("Version of the protocol: 1.0.0");
const offset = { description: "Bytes that have arrived", schema: { type: "integer" as const } };
const expires = { description: "When the upload is deleted", schema: { type: "string" as const } };
const bytes = {
  content: { "application/offset+octet-stream": { schema: { type: "string" as const, format: "binary" } } },
};

/** Adds `/uploads`: resumable uploads by tus 1.0 (https://tus.io/protocols/resumable-upload). */
export function addUploadRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps): void {
  const staff = guards(deps.auth).staff("ingest:write");
  const { uploads } = deps;

  const respond = async (c: Context<AccountEnv>) => {
    const { method } = c.req;
    const hasBody = method === "POST" || method === "PATCH";
    const request = new Request(c.req.url, {
      method,
      headers: c.req.raw.headers,
      ...(hasBody && { body: bodyOf(c) as never, duplex: "half" as const }),
    });
    return uploads.respond(request, c.var.account.id);
  };

  app.openapi(
    createRoute({
      ...staff,
      method: "post",
      path: "/uploads",
      tags: ["ingest"],
      summary: "Create an upload",
      description:
        "Staff only. Creates a resumable upload by tus 1.0, which any tus client can send, with the extensions creation, " +
        "creation-with-upload, termination and expiration. `POST /{table}/csv?upload=ID` loads its file once it is complete. Uploads are " +
        "deleted some time after their creation, see `Upload-Expires`; the uploads of an account have a max size in all.",
      request: {
        ...noQuery,
        headers: z.object({
          "tus-resumable": version,
          "upload-length": text("Bytes of the file"),
          "upload-metadata": text(
            "Names and base64 values, separated by commas; `filename` is the name of the file, whose end tells Brotli files",
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
      },
    }),
    respond,
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
      const { id, size, metadata, createdAt } = found;
      const expiresAt = new Date(createdAt.getTime() + uploads.settings.hours * 3_600_000).toISOString();
      const { filename = null } = metadata;
      return c.json({ id, filename, bytes: await uploads.bytesOf(id), size, expiresAt }, 200);
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
