import { Readable } from "node:stream";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  decodeCursor,
  encodeCursor,
  errorResponse,
  idempotent,
  ifNoneMatch,
  ifRange,
  jsonResponse,
  limitParam,
  noQuery,
  Problem,
  type ServiceEnv,
} from "@quintet/http";
import { findBackup, findBackups, listBackupNames, openBackup, removeBackup } from "../backups/backup-files.ts";
import { readBackupName } from "../backups/backup-name.ts";
import { createBackup } from "../backups/create-backup.ts";
import { restoreBackup } from "../backups/restore.ts";
import type { Deps } from "../deps.ts";
import { tableNames } from "../tables.ts";
import { readRange } from "./byte-range.ts";
import { cursorParam, tableInPath, tableParam } from "./paths.ts";

const backupSchema = z
  .object({
    name: z.string(),
    table: z.enum(tableNames),
    rows: z.number().int().nullable(),
    bytes: z.number().int(),
    sha256: z.string().nullable(),
    createdAt: z.string(),
    verified: z.boolean(),
    unverifiedReason: z.string().optional(),
  })
  .openapi("Backup");

const nameParam = z.strictObject({ name: z.string().openapi({ param: { name: "name", in: "path" } }) });
const position = z.strictObject({ list: z.literal("backups"), createdAt: z.string(), name: z.string() });
const choice = z
  .strictObject({
    name: z.string().max(200).optional(),
    timestamp: z.iso.datetime({ offset: true, message: "must be ISO 8601 with a zone" }).optional(),
  })
  .refine(({ name, timestamp }) => name === undefined || timestamp === undefined, {
    path: ["name"],
    message: "cannot come together with timestamp",
  });

const avroFile = { "application/avro": { schema: { type: "string" as const, format: "binary" } } };

/** Backups: make, list, download, restore. */
export function addBackupRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  const folder = deps.backupDir;

  return app
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/backups",
        tags: ["ingest"],
        summary: "Backups, newest first",
        description:
          "A backup is `verified` when its check sum was kept when it was made, or all of its rows were read and checked since; " +
          "otherwise `unverifiedReason` says what is not known. `rows` and `sha256` are null as long as they are not.",
        request: { query: z.strictObject({ limit: limitParam(20), cursor: cursorParam }) },
        responses: {
          200: jsonResponse(
            z.object({ backups: z.array(backupSchema), nextCursor: z.string().nullable() }),
            "One page",
          ),
        },
      }),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const after = cursor === undefined ? undefined : decodeCursor(deps.cursorKey, cursor, position);
        const names = (await listBackupNames(folder)).filter(
          ({ createdAt, name }) =>
            !after || createdAt < after.createdAt || (createdAt === after.createdAt && name < after.name),
        );
        const page = names.slice(0, limit);
        const backups = await findBackups(folder, page);
        const last = names.length > limit ? page.at(-1) : undefined;
        const nextCursor = last
          ? encodeCursor(deps.cursorKey, { list: "backups", createdAt: last.createdAt, name: last.name })
          : null;
        return c.json({ backups, nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/backups/{name}",
        tags: ["ingest"],
        summary: "Download a backup: an Avro object container file",
        request: { params: nameParam, ...noQuery },
        responses: {
          200: { description: "The file", content: avroFile },
          206: { description: "The part of it that Range asks for", content: avroFile },
          304: { description: "It is the one that If-None-Match names" },
          416: errorResponse("The file is shorter than Range asks for"),
        },
      }),
      async (c) => {
        const name = readBackupName(c.req.valid("param").name);
        const backup = name && (await findBackup(folder, name));
        if (!backup) throw new Problem("not-found", "There is no such backup.");
        // There is none as long as the check sum is not known.
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
        const handle = await openBackup(folder, backup);
        const file = handle.createReadStream({ start: first, end: last, highWaterMark: 256 * 1024 });
        return c.body(Readable.toWeb(file) as ReadableStream, status);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write"),
        method: "delete",
        path: "/backups/{name}",
        tags: ["ingest"],
        summary: "Remove a backup",
        request: { params: nameParam, ...noQuery },
        responses: { 204: { description: "It is removed" } },
      }),
      async (c) => {
        const name = readBackupName(c.req.valid("param").name);
        if (!name || !(await removeBackup(folder, name))) throw new Problem("not-found", "There is no such backup.");
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write", idempotent(deps.idempotency)),
        method: "post",
        path: "/{table}/backups",
        tags: ["ingest"],
        summary: "Back up a table as it is at this moment",
        description: "A 507 says that the disk of the backups is full; nothing of the backup is left there then.",
        request: { params: tableParam, ...noQuery },
        responses: { 201: jsonResponse(backupSchema, "The backup") },
      }),
      async (c) => {
        const backup = await createBackup(deps.bulk, folder, tableInPath(c.req.valid("param").table), c.var.keyed);
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
        summary: "Make a table what a backup holds",
        description:
          "The backup of that name, or the latest, or the latest at or before `timestamp`. All of it or nothing. One that is not `verified` " +
          "is read and checked as a whole before anything is changed. A 422 says why a file is no backup of this table.",
        request: {
          params: tableParam,
          ...noQuery,
          body: { required: false, content: { "application/json": { schema: choice } } },
        },
        responses: {
          200: jsonResponse(
            z.object({ table: z.enum(tableNames), backup: z.string(), rows: z.number().int() }),
            "The table is the backup",
          ),
          409: errorResponse(
            "The backup would break references to the table, or is damaged; or this Idempotency-Key is in use",
          ),
        },
      }),
      async (c) => {
        const { name, timestamp } = c.req.valid("json");
        const table = tableInPath(c.req.valid("param").table);
        const choice = name === undefined ? { timestamp } : { name };
        const restored = await restoreBackup(deps.loads.bulk, folder, table, choice, c.var.keyed);
        return c.json({ table: table.name, ...restored }, 200);
      },
    );
}
