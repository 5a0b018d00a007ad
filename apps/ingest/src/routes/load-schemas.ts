import { z } from "@hono/zod-openapi";
import { problemSchema } from "@quintet/http";
import { faultCodes } from "../csv/fault.ts";
import { loadStatuses } from "../loads/load.ts";
import { loadModes } from "../store/store-batch.ts";
import { settledDialectSchema } from "./dialect-query.ts";
import { nextCursor } from "./paths.ts";

const count = z.number().int();
const rejectsUrl = z.string().describe("Path of the rejected rows as CSV");

/** The counts of a load. Each received row is inserted, updated, rejected or staged. */
const counts = {
  received: count.describe("Rows read from the file so far"),
  inserted: count.describe("Rows inserted into the table"),
  updated: count.describe("Rows that replaced another row with the same key (`mode=upsert` and `mode=merge`)"),
  rejected: count.describe("Rows that broke a rule and were not stored"),
  staged: count.describe(
    "Valid rows that are not in the table: they wait for the last step of the load, or the load ended before that step",
  ),
  bytes: count.describe("Bytes of the file up to the last committed row, decompressed"),
  ms: count.describe("Processing time in milliseconds, over all attempts"),
};

const loadStatus = z
  .enum(loadStatuses)
  .describe(
    "`cut off`: interrupted; the stored rows stay, and the same file with the same Idempotency-Key resumes the load. " +
      "`failed`: refused as a whole; nothing is stored. `cancelled`: ended by a request or by a million rejected rows; the stored rows stay, and the load cannot be resumed",
  );

/** The error of a load that has started. */
export const loadProblemSchema = problemSchema
  .extend({
    loadId: count.optional().describe("The id of the load; absent when the request failed before a load was created"),
    loadStatus: loadStatus.optional(),
    ...Object.fromEntries(Object.entries(counts).map(([name, schema]) => [name, schema.optional()])),
    rejectsUrl: rejectsUrl.optional(),
  })
  .describe("A problem, with the state of the load where one was created");

const reasonSchema = z
  .object({
    code: z.enum(faultCodes).describe("Why the rows were rejected; codes keep their meaning"),
    column: z.string().describe("The invalid column; empty when the row as a whole is invalid"),
    count: count.describe("Rejected rows"),
  })
  .openapi("RejectReason", { description: "How many rows were rejected for one reason" });

const shownValues = z
  .record(z.string(), z.string().nullable())
  .describe("Values by column, as texts of at most 200 characters; null for no value");
const differencesSchema = z
  .object({
    added: count.describe("Rows that would be added"),
    changed: count.describe("Rows that would be changed"),
    deleted: count.describe("Rows that would be deleted"),
    rows: z
      .array(
        z.object({
          kind: z.enum(["added", "changed", "deleted"]).describe("What would happen to the row"),
          key: shownValues.describe("The primary key of the row"),
          old: shownValues.nullable().describe("The row of the table; of a changed row, only what differs"),
          new: shownValues.nullable().describe("The row of the file; of a changed row, only what differs"),
        }),
      )
      .readonly()
      .describe("The first hundred of these rows, some of each kind, by key"),
  })
  .openapi("Differences", { description: "What a load would do to the rows of a table" });

export const loadSchema = z
  .object({
    id: count.describe("The id of the load"),
    table: z.string().describe("The table that the file is loaded into"),
    mode: z.enum(loadModes).describe("What happens to existing rows; see the `mode` parameter"),
    dryRun: z.boolean().describe("Whether the file is only checked and nothing is stored"),
    status: loadStatus,
    ...counts,
    deleted: count.describe("Rows of the table that the file lacks and that were deleted"),
    format: z.string().nullable().describe("Format of the file, such as `csv`; null until it is known"),
    dialect: settledDialectSchema
      .nullable()
      .describe("How the file is written, as it was recognised or given; null until it is known"),
    confidence: z.number().nullable().describe("How certain the dialect is, 0 to 1; null until it is known"),
    doubts: z.array(z.string()).readonly().describe("What is uncertain about the dialect"),
    reasons: z.array(reasonSchema).readonly().describe("The rejected rows by code and column, most frequent first"),
    rowsPerSecond: count.nullable().describe("Rows read per second, over all attempts"),
    bytesSent: count
      .nullable()
      .describe("Bytes of the request body that were read, as sent; null when they are not known"),
    bytesTotal: count.nullable().describe("Size of the request body as sent; null when it was not declared"),
    secondsLeft: z
      .number()
      .nullable()
      .describe("Estimated seconds until the file is read; null when the load is not running or its size is unknown"),
    retryOf: count.nullable().describe("The load whose rejected rows this load sends again; null for any other load"),
    differences: differencesSchema
      .nullable()
      .describe("What a dry run that is done would do to the table; null for any other load, and in lists"),
    undoneAt: z.string().nullable().describe("When the load was undone, ISO 8601, UTC; null when it was not"),
    createdBy: z.string().describe("Username of the account that started the load"),
    startedAt: z.string().describe("ISO 8601, UTC"),
    finishedAt: z.string().nullable().describe("ISO 8601, UTC; null while the load is running"),
    rejectsUrl,
  })
  .openapi("Load", { description: "A load of one CSV file" });

export const loadListSchema = z
  .object({ loads: z.array(loadSchema).describe("The loads of this page, newest first"), nextCursor })
  .openapi("Loads", { description: "One page of loads" });

export const rejectListSchema = z
  .object({
    rejects: z
      .array(
        z.object({
          line: count.describe("The line of the file on which the row starts, from 1"),
          column: z.string().nullable().describe("The invalid column; null when the row as a whole is invalid"),
          code: z.enum(faultCodes).nullable().describe("Why the row was rejected; null for loads of earlier versions"),
          reason: z.string().describe("Why the row was rejected, in words"),
          raw: z.string().describe("The row as sent, at most its first 64 KiB"),
        }),
      )
      .describe("The rejected rows of this page, in the order of the file"),
    nextCursor,
  })
  .openapi("Rejects", { description: "One page of the rejected rows of a load" });

export const storedRowsSchema = z
  .object({
    table: z.string().describe("The table that the rows are stored in"),
    received: count.describe("Rows in the request"),
    inserted: count.describe("Rows stored"),
    rejected: count.describe("Rows that broke a rule and were not stored"),
    rejects: z
      .array(
        z.object({
          row: count.describe("Number of the row in the request, from 1"),
          column: z.string().nullable().describe("The invalid column; null when the row as a whole is invalid"),
          reason: z.string().describe("Why the row was rejected"),
        }),
      )
      .describe("The rejected rows, by their number"),
  })
  .openapi("StoredRows", { description: "The outcome of storing rows" });
