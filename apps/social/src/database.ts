import { connectPostgres } from "@quintet/db";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { DrizzleQueryError, drizzle } from "./drizzle.ts";

export type Database = PostgresJsDatabase;
export type Transaction = Parameters<Parameters<Database["transaction"]>[0]>[0];

/** The database and the way to let go of it. */
export interface OpenDatabase extends AsyncDisposable {
  db: Database;
  ping(): Promise<unknown>;
}

/** Drizzle on a Postgres client of its own, for Drizzle changes how that client reads times. Opens nothing until it is used. */
export function openDatabase(url: string): OpenDatabase {
  const client = connectPostgres(url, { name: "social" });
  return {
    db: drizzle(client),
    ping: () => client`SELECT 1`,
    [Symbol.asyncDispose]: () => client.end({ timeout: 5 }),
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
