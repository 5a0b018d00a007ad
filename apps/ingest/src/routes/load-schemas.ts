import { z } from "@hono/zod-openapi";
import { problemSchema } from "@quintet/http";
import { loadStatuses } from "../loads/load.ts";
import { tableNames } from "../tables.ts";

const count = z.number().int();

/** How far a load has come; of each row that was received one of the four that follow is true. */
const counts = {
  received: count,
  inserted: count,
  updated: count,
  rejected: count,
  staged: count.describe(
    "Good rows that are not in the table: they wait for the last step of the load, or it ended without that step",
  ),
  bytes: count,
  ms: count,
};

const loadStatus = z
  .enum(loadStatuses)
  .describe(
    "`cut off`: what was stored stays, and the same file with the same Idempotency-Key goes on. `failed`: nothing is stored. " +
      "`cancelled`: what was stored stays, and nothing goes on",
  );

/** The error of a load that had begun. */
export const loadProblemSchema = problemSchema.extend({
  loadId: count.optional().describe("Which load; missing when the request was refused before one began"),
  loadStatus: loadStatus.optional(),
  ...Object.fromEntries(Object.entries(counts).map(([name, schema]) => [name, schema.optional()])),
  rejectsUrl: z.string().optional(),
});

export const loadSchema = z
  .object({
    id: count,
    table: z.enum(tableNames),
    mode: z.enum(["insert", "upsert", "replace"]),
    dryRun: z.boolean(),
    status: loadStatus,
    ...counts,
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
