import { z } from "@hono/zod-openapi";
import { nextCursor } from "./paths.ts";

export const backupSchema = z
  .object({
    name: z.string().describe("File name of the backup"),
    table: z.string().describe("The table that was backed up"),
    rows: z.number().int().nullable().describe("Number of rows; null while it is unknown"),
    bytes: z.number().int().describe("Size of the file in bytes"),
    sha256: z.string().nullable().describe("SHA-256 of the file in hex; null while it is unknown"),
    createdAt: z.string().describe("The moment of the snapshot, ISO 8601, UTC"),
    verified: z
      .boolean()
      .describe(
        "Whether the checksum was stored when the backup was created, or all rows have been read and checked since",
      ),
    unverifiedReason: z.string().optional().describe("Why the backup is not verified"),
    lastVerifiedAt: z
      .string()
      .optional()
      .describe("When the backup was last restored into a scratch table and compared, ISO 8601, UTC"),
    set: z.string().optional().describe("Id of the set that the backup is a part of"),
  })
  .openapi("Backup", { description: "A backup of a table" });

export const verifiedSchema = z
  .object({
    name: z.string().describe("File name of the backup"),
    rows: z.number().int().describe("Number of rows that were restored and compared"),
    sha256: z.string().describe("SHA-256 of the file in hex"),
    lastVerifiedAt: z.string().describe("When this was, ISO 8601, UTC"),
  })
  .openapi("VerifiedBackup", { description: "The outcome of a verification" });

export const setSchema = z
  .object({
    set: z.string().describe("Id of the set"),
    backups: z.array(backupSchema).describe("A backup of each table"),
  })
  .openapi("BackupSet", { description: "Backups of all tables as they were at one moment" });

export const backupListSchema = z
  .object({
    backups: z.array(backupSchema).describe("The backups of this page, newest first"),
    schedule: z
      .object({
        cron: z.string().describe("When sets are made, as a cron expression in UTC"),
        nextAt: z.string().describe("When the next set is due, ISO 8601, UTC"),
        lastAt: z.string().nullable().describe("When the last set was made or failed, ISO 8601, UTC; null before"),
        lastSet: z.string().nullable().describe("Id of the last set; null when it could not be made"),
        lastProblem: z.string().nullable().describe("Why the last set could not be made; null when it was"),
      })
      .nullable()
      .openapi("BackupSchedule", { description: "The schedule of backups of all tables; null when there is none" }),
    nextCursor,
  })
  .openapi("Backups", { description: "One page of backups" });

const rowsNow = z.number().int().describe("Number of rows that the table has now, or would have");
export const restoredSchema = z
  .object({
    table: z.string().describe("The restored table"),
    backup: z.string().describe("File name of the backup that was restored"),
    rows: rowsNow,
    dryRun: z.literal(true).optional().describe("Present if nothing was changed"),
    added: z.number().int().optional().describe("Of a dry run: number of rows that the table lacks"),
    removed: z.number().int().optional().describe("Of a dry run: number of rows that the backup lacks"),
    changed: z.number().int().optional().describe("Of a dry run: number of rows that differ"),
  })
  .openapi("RestoredTable", { description: "The outcome of a restore" });

export const restoredSetSchema = z
  .object({
    set: z.string().describe("Id of the set that was restored"),
    dryRun: z.literal(true).optional().describe("Present if nothing was changed"),
    tables: z
      .array(
        z
          .object({
            table: z.string().describe("Name of the table"),
            backup: z.string().describe("File name of its backup"),
            rows: rowsNow,
            added: z.number().int().describe("Number of rows that the table lacked"),
            removed: z.number().int().describe("Number of rows that the backup lacks"),
            changed: z.number().int().describe("Number of rows that were different"),
          })
          .openapi("RestoredPart", { description: "A table of a set after a restore" }),
      )
      .describe("The tables of the set, each after those that it refers to"),
  })
  .openapi("RestoredSet", { description: "The outcome of a restore of all tables of a set" });

const timestamp = (what: string) =>
  z.iso
    .datetime({ offset: true, message: "must be ISO 8601 with a zone" })
    .optional()
    .describe(`Choose the latest ${what} at or before this moment, ISO 8601 with a zone`);
const cannotCombine = "cannot be combined with timestamp";

export const restoreOptions = z
  .strictObject({
    name: z.string().max(200).optional().describe("File name of the backup; the latest by default"),
    timestamp: timestamp("backup"),
    dryRun: z.boolean().optional().describe("Change nothing, and count what would be added, removed and changed"),
  })
  .refine(({ name, timestamp }) => name === undefined || timestamp === undefined, {
    path: ["name"],
    message: cannotCombine,
  })
  .openapi("RestoreOptions", {
    description: "Which backup to restore: `name`, `timestamp` or neither; and whether to",
  });

export const restoreSetOptions = z
  .strictObject({
    set: z.string().max(64).optional().describe("Id of the set; the latest complete one by default"),
    timestamp: timestamp("complete set"),
    dryRun: z.boolean().optional().describe("Change nothing, and count what would be added, removed and changed"),
  })
  .refine(({ set, timestamp }) => set === undefined || timestamp === undefined, {
    path: ["set"],
    message: cannotCombine,
  })
  .openapi("RestoreSetOptions", {
    description: "Which set to restore: `set`, `timestamp` or neither; and whether to",
  });
