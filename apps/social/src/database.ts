import { connectPostgres, type PostgresSql, postgresRecordTable, type RecordTable } from "@quintet/db";
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
}

/** No search is quicker by a look at the whole table or by compiling; the bitmaps of one fit in memory for a million posts. */
const searchSettings = { enable_seqscan: "off", jit: "off", work_mem: "16MB" };

/** Drizzle on `client`, whose reading of times it changes, and on a second one for searches. Opens nothing until it is used. */
export function openDatabase(client: PostgresSql, url: string, statementSeconds?: number): OpenDatabase {
  const searching = connectPostgres(url, {
    name: "social searches",
    statementSeconds,
    endsWithClient: true,
    settings: searchSettings,
  });
  return {
    db: drizzle(client),
    searches: drizzle(searching),
    records: postgresRecordTable(client, "social.done_requests"),
    [Symbol.asyncDispose]: () => searching.end({ timeout: 5 }),
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
