import { connectPostgres, healthPostgres, postgresRecordTable, type RecordTable } from "@quintet/db";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { DrizzleQueryError, drizzle } from "./drizzle.ts";

export type Database = PostgresJsDatabase;
export type Transaction = Parameters<Parameters<Database["transaction"]>[0]>[0];

/** The database and the way to let go of it. */
export interface OpenDatabase extends AsyncDisposable {
  /** Short statements and writes. */
  db: Database;
  /** Lists and searches, which have this share of Postgres and no more, and end with their clients. */
  searches: Database;
  /** What was done for which request; see `done-requests.ts`. */
  records: RecordTable;
  ping(): Promise<unknown>;
}

/** No search is quicker by a look at the whole table or by compiling; the bitmaps of one fit in memory for a million posts. */
const searchSettings = { enable_seqscan: "off", jit: "off", work_mem: "16MB" };

/** Drizzle on Postgres clients of its own, for Drizzle changes how those read times. Opens nothing until it is used. */
export function openDatabase(url: string, statementSeconds?: number): OpenDatabase {
  const client = connectPostgres(url, { name: "social", statementSeconds });
  const searching = connectPostgres(url, {
    name: "social searches",
    statementSeconds,
    endsWithClient: true,
    settings: searchSettings,
  });
  const health = healthPostgres(url);
  return {
    db: drizzle(client),
    searches: drizzle(searching),
    records: postgresRecordTable(client, "social.done_requests"),
    ping: () => health`SELECT 1`,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([client, searching, health].map((each) => each.end({ timeout: 5 })));
    },
  };
}

/**
 * The result of a query. Drizzle puts a failed query's parameters in its error's message, which would carry people's
 * texts into the log: what is thrown here is the driver's own error, which does not.
 */
export async function answerOf<T>(query: PromiseLike<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw error instanceof DrizzleQueryError && error.cause ? error.cause : error;
  }
}
