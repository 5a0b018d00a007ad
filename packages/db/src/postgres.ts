import postgres, { type Sql } from "postgres";
import { observePostgres } from "./observing/observed-postgres.ts";
import { storeAddress } from "./observing/store-span.ts";

export type PostgresSql = Sql;

/**
 * A Postgres client with a few pipelined connections (four serve more requests per second than sixteen). Times are
 * UTC; a connection that cannot be made within 5 s is an error. `settings` are the server's own, for these connections.
 * Statements carry the id of the request that they are sent for, and are seen in its trace. Opens nothing until it is used.
 */
export function connectPostgres(
  url: string,
  options: { connections?: number; application?: string; settings?: Record<string, string> } = {},
): Sql {
  const sql = postgres(url, {
    max: options.connections ?? 4,
    connect_timeout: 5,
    onnotice: () => {},
    connection: { TimeZone: "UTC", application_name: options.application ?? "quintet", ...options.settings },
  });
  return observePostgres(sql, storeAddress(url, 5432));
}
