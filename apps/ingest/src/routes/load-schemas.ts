import { z } from "@hono/zod-openapi";
import { tableNames } from "../tables.ts";

const count = z.number().int();

export const loadSchema = z
  .object({
    id: count,
    table: z.enum(tableNames),
    mode: z.enum(["insert", "upsert", "replace"]),
    dryRun: z.boolean(),
    status: z.enum(["running", "done", "failed", "cut off"]),
    received: count,
    inserted: count,
    updated: count,
    rejected: count,
    bytes: count,
    ms: count,
    createdBy: z.string(),
    startedAt: z.string(),
    finishedAt: z.string().nullable(),
    rejectsUrl: z.string(),
  })
  .openapi("Load");

export const storedRowsSchema = z
  .object({
    table: z.enum(tableNames),
    received: count,
    inserted: count,
    rejected: count,
    rejects: z.array(z.object({ row: count, column: z.string().nullable(), reason: z.string() })),
  })
  .openapi("StoredRows");
