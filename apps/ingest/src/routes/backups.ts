import { Readable } from "node:stream";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  decodeCursor,
  encodeCursor,
  errorResponse,
  htmlContent,
  idempotent,
  ifNoneMatch,
  ifRange,
  jsonResponse,
  limitParam,
  mediaTypeOf,
  noQuery,
  Problem,
  type ServiceEnv,
} from "@quintet/http";
import { type PageFrame, prefersHtml, sendPage } from "@quintet/pages";
import type { Context } from "hono";
import { findBackup, findBackups, listBackupNames } from "../backups/backup-files.ts";
import { readBackupName } from "../backups/backup-name.ts";
import { scheduleState } from "../backups/backup-schedule.ts";
import { createBackup } from "../backups/create-backup.ts";
import { previewRestore, restoreBackup } from "../backups/restore.ts";
import type { StoredBytes } from "../backups/storage.ts";
import { type ScratchDeps, uploadBackup } from "../backups/upload-backup.ts";
import { verifyBackup } from "../backups/verify-backup.ts";
import type { Deps } from "../deps.ts";
import { backupsPage } from "../pages/backups-page.ts";
import { pagesOf } from "../pages/lists.ts";
import { bytesOf } from "../upload/file-in-body.ts";
import { backupListSchema, backupSchema, restoredSchema, restoreOptions, verifiedSchema } from "./backup-schemas.ts";
import { readRange } from "./byte-range.ts";
import { cursorParam, tableInPath, tableParam } from "./paths.ts";
import { bodyOf, lengthOf } from "./source-file.ts";

export const backupNameParam = z.strictObject({
  name: z.string().openapi({ param: { name: "name", in: "path" }, description: "File name of the backup" }),
});
const position = z.strictObject({ list: z.literal("backups"), createdAt: z.string(), name: z.string() });
/** The bytes of a file, which is closed at their end or when nobody wants more. */
async function* readAll(file: StoredBytes): AsyncGenerator<Buffer> {
  using open = file;
  yield* open.chunks;
}

/** Whether a request to make a backup brings the file. Throws a 415 for a body of another type. */
function isUpload(c: Pick<Context<ServiceEnv>, "env" | "req">): boolean {
  const type = c.req.header("content-type");
  if (type === undefined) return false;
  if (mediaTypeOf(type) === "application/avro") return true;
  if (lengthOf(c) === "0" || (c.env?.incoming === undefined && c.req.raw.body === null)) return false;
  throw new Problem("unsupported-media-type", "Content-Type must be application/avro.", {
    headers: { Accept: "application/avro" },
  });
}

/** What uploads and verifications of backups need. */
export function scratchDeps({ loads, bulk, mysql, backups }: Deps): ScratchDeps {
  return { store: loads.bulk, db: bulk, locks: mysql, storage: backups };
}

const avroFile = { "application/avro": { schema: { type: "string" as const, format: "binary" } } };

/** Adds the routes that create, list, download, delete and restore backups. */
export function addBackupRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);
  const storage = deps.backups;

  return app
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/backups",
        tags: ["ingest"],
        summary: "List backups",
        description:
          "Backups of all tables, newest first. Files that were copied into the backup folder are listed too: until their checksum is " +
          "computed, `rows` and `sha256` are null and `unverifiedReason` says so.",
        request: {
          query: z.strictObject({
            limit: limitParam(20).describe("Backups per page, 1 to 100; 20 by default"),
            cursor: cursorParam,
            table: z.string().max(48).optional().describe("Only backups of this table"),
          }),
        },
        responses: {
          200: {
            description: "A page of backups",
            content: { ...jsonResponse(backupListSchema, "").content, ...htmlContent },
          },
        },
      }),
      async (c) => {
        const { limit, cursor, table = "" } = c.req.valid("query");
        const after = decodeCursor(deps.cursorKey, cursor, position);
        const names = (await listBackupNames(storage)).filter(
          ({ createdAt, name, table: of }) =>
            (table === "" || of === table) &&
            (!after || createdAt < after.createdAt || (createdAt === after.createdAt && name < after.name)),
        );
        const page = names.slice(0, limit);
        const backups = await findBackups(storage, page);
        const last = names.length > limit ? page.at(-1) : undefined;
        const next = last
          ? encodeCursor(deps.cursorKey, { list: "backups", createdAt: last.createdAt, name: last.name })
          : null;
        const schedule = await scheduleState(deps.mysql, deps.backupCron);
        if (prefersHtml(c.req.header("accept"), false)) {
          const pages = pagesOf(c.req.path, { table }, { cursor, next });
          const tables = (await deps.tables.list()).map((each) => each.name);
          const body = backupsPage({ backups, schedule, pages, tables, table, isStaff: c.var.account.isStaff });
          return sendPage(c, frame, { title: "Backups", body });
        }
        return c.json({ backups, schedule, nextCursor: next }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/backups/{name}",
        tags: ["ingest"],
        summary: "Download a backup",
        description: "An Avro object container file. `Range` requests are supported.",
        request: { params: backupNameParam, ...noQuery },
        responses: {
          200: { description: "The file", content: avroFile },
          206: { description: "The requested range of the file", content: avroFile },
          304: { description: "Not modified: the client has this file (If-None-Match)" },
          416: errorResponse("The range is beyond the end of the file"),
        },
      }),
      async (c) => {
        const name = readBackupName(c.req.valid("param").name);
        const backup = name && (await findBackup(storage, name));
        if (!backup) throw new Problem("not-found", "Backup not found.");
        // There is no ETag while the checksum is unknown.
        const etag = backup.sha256 === null ? undefined : `"${backup.sha256}"`;
        if (etag !== undefined) c.header("ETag", etag);
        c.header("Accept-Ranges", "bytes");
        c.header("Cache-Control", "private, no-cache");
        if (etag !== undefined && ifNoneMatch(c.req.header("if-none-match"), etag)) return c.body(null, 304);
        const range = readRange(
          ifRange(c.req.header("if-range"), etag) ? c.req.header("range") : undefined,
          backup.bytes,
        );
        if (range.kind === "unsatisfiable") {
          throw new Problem("range-not-satisfiable", `The file has ${backup.bytes} bytes.`, {
            headers: { "Content-Range": `bytes */${backup.bytes}` },
          });
        }
        const [first, last] = range.kind === "part" ? [range.first, range.last] : [0, backup.bytes - 1];
        if (range.kind === "part") c.header("Content-Range", `bytes ${first}-${last}/${backup.bytes}`);
        c.header("Content-Type", "application/avro");
        c.header("Content-Disposition", `attachment; filename="${backup.name}"`);
        c.header("Content-Length", String(last - first + 1));
        const status = range.kind === "part" ? 206 : 200;
        if (c.req.method === "HEAD" || last < first) return c.body(null, status);
        const file = await storage.read(backup, { start: first, end: last });
        return c.body(Readable.toWeb(Readable.from(readAll(file))) as ReadableStream, status);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write"),
        method: "delete",
        path: "/backups/{name}",
        tags: ["ingest"],
        summary: "Delete a backup",
        description: "Staff only. Deletes the file. This cannot be undone.",
        request: { params: backupNameParam, ...noQuery },
        responses: { 204: { description: "Backup deleted" } },
      }),
      async (c) => {
        const name = readBackupName(c.req.valid("param").name);
        if (!name || !(await storage.remove(name))) throw new Problem("not-found", "Backup not found.");
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write"),
        method: "post",
        path: "/backups/{name}/verify",
        tags: ["ingest"],
        summary: "Verify a backup",
        description:
          "Staff only. Restores the backup into a scratch table, reads that table again and compares all rows. The table itself is " +
          "neither read nor changed.",
        request: { params: backupNameParam, ...noQuery },
        responses: {
          200: jsonResponse(verifiedSchema, "The backup can be restored"),
          409: errorResponse("The backup is damaged"),
          422: errorResponse("The file does not fit the table"),
        },
      }),
      async (c) => {
        const name = readBackupName(c.req.valid("param").name);
        if (!name || !(await storage.stat(name))) throw new Problem("not-found", "Backup not found.");
        const table = await tableInPath(deps, name.table);
        return c.json(await verifyBackup(scratchDeps(deps), table, name), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write", idempotent(deps.idempotency, undefined, isUpload)),
        method: "post",
        path: "/{table}/backups",
        tags: ["ingest"],
        summary: "Create a backup of a table",
        description:
          "Staff only. Without a body, writes a consistent snapshot of all rows to an Avro file. With an Avro file as the body, made " +
          "anywhere and with rows in any order, that file becomes a backup: its fields are resolved by the rules of Avro, and its rows are " +
          "checked by the rules of the table. 507: the disk of the backups is full, and nothing was kept.",
        request: { params: tableParam, ...noQuery, body: { required: false, content: avroFile } },
        responses: {
          201: jsonResponse(backupSchema, "Backup created"),
          400: errorResponse("The body is empty or incomplete, or a parameter is invalid"),
          415: errorResponse("The body is not `application/avro`"),
          422: errorResponse(
            "The file is damaged, or a field or row does not fit the table; or the Idempotency-Key was used before",
          ),
        },
      }),
      async (c) => {
        const table = await tableInPath(deps, c.req.valid("param").table);
        const backup = isUpload(c)
          ? await uploadBackup(scratchDeps(deps), table, bytesOf(bodyOf(c)), c.var.keyed)
          : await createBackup(deps.bulk, storage, table, c.var.keyed);
        c.header("Location", `/ingest/backups/${backup.name}`);
        return c.json(backup, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write", idempotent(deps.idempotency)),
        method: "post",
        path: "/{table}/restore",
        tags: ["ingest"],
        summary: "Restore a table from a backup",
        description:
          "Staff only. The whole table becomes the backup, in one transaction: all rows or none. Restores the latest backup by default. " +
          "A backup that is not `verified` is read and checked completely before anything is changed. `dryRun` does all of it and takes it back. 422: the file is not a backup of " +
          "this table, or a field is invalid.",
        request: {
          params: tableParam,
          ...noQuery,
          body: { required: false, content: { "application/json": { schema: restoreOptions } } },
        },
        responses: {
          200: jsonResponse(restoredSchema, "Table restored"),
          409: errorResponse(
            "The backup would break references to the table, or it is damaged, or a request with this Idempotency-Key is in flight",
          ),
        },
      }),
      async (c) => {
        const { name, timestamp, dryRun } = c.req.valid("json");
        const table = await tableInPath(deps, c.req.valid("param").table);
        const choice = name === undefined ? { timestamp } : { name };
        const restore = dryRun ? previewRestore : restoreBackup;
        const restored = await restore(deps.loads.bulk, storage, table, choice, c.var.keyed);
        return c.json({ table: table.name, ...restored }, 200);
      },
    );
}
