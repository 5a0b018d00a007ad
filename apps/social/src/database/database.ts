import { connectPostgres, type PostgresSql, postgresRecordTable, type RecordTable } from "@quintet/db";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { DrizzleQueryError, drizzle } from "./drizzle.ts";

export type Database = PostgresJsDatabase;
export type Transaction = Parameters<Parameters<Database["transaction"]>[0]>[0];

/** The connections to Postgres; disposing of it closes them. */
export interface OpenDatabase extends AsyncDisposable {
  /** For short statements and writes. */
  db: Database;
  /** For lists and searches: a pool of its own limits their share of Postgres. A statement ends when its client disconnects. */
  searches: Database;
  /** The requests that were processed; see `processed-requests.ts`. */
  records: RecordTable;
}

/** No search is faster by a sequential scan or with JIT compilation. `work_mem` holds a search's bitmaps for a million posts. */
export const searchSettings = { enable_seqscan: "off", jit: "off", work_mem: "16MB" };

/** Drizzle on `client`, whose parsing of times it changes, and on a second client for searches. Connects on first use. */
export function openDatabase(client: PostgresSql, url: string, statementSeconds?: number): OpenDatabase {
  const searchClient = connectPostgres(url, {
    name: "social searches",
    statementSeconds,
    endsWithClient: true,
    settings: searchSettings,
  });
  return {
    db: drizzle(client),
    searches: drizzle(searchClient),
    records: postgresRecordTable(client, "social.done_requests"),
    [Symbol.asyncDispose]: () => searchClient.end({ timeout: 5 }),
  };
}

/**
 * The result of a query. A failed query throws the driver's own error: the message of Drizzle's has the query's parameters,
 * which would put users' texts into the log.
 */
export async function unwrapDriverError<T>(query: PromiseLike<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw error instanceof DrizzleQueryError && error.cause ? error.cause : error;
  }
}
