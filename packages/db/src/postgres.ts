import postgres, { type ISql, type Sql } from "postgres";
import { observePostgres, PostgresPool } from "./observing/observed-postgres.ts";
import { storeAddress } from "./observing/store-span.ts";

export type PostgresSql = Sql;
/** What queries may be made of: a client, or a transaction of its own. */
export type PostgresQueries = ISql;

/**
 * A Postgres client with a few pipelined connections (four serve more requests per second than sixteen). Times are
 * UTC; a connection that cannot be made within 5 s is an error. `settings` are the server's own, for these connections.
 * Statements carry the id of the request that they are sent for, and are seen in its trace. Opens nothing until it is used. With a
 * `name` the server and metrics know it by that.
 */
export function connectPostgres(
  url: string,
  options: { connections?: number; name?: string; settings?: Record<string, string> } = {},
): Sql {
  const { connections = 4, name } = options;
  const sql = postgres(url, {
    max: connections,
    connect_timeout: 5,
    onnotice: () => {},
    connection: { TimeZone: "UTC", application_name: name ? `quintet ${name}` : "quintet", ...options.settings },
  });
  return observePostgres(
    sql,
    storeAddress(url, 5432),
    name === undefined ? undefined : new PostgresPool(name, connections),
  );
}
