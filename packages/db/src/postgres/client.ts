import postgres, { type ISql, type Sql } from "postgres";
import { defaultIdleSeconds, defaultStatementSeconds, healthSeconds } from "../limits/statement-limits.ts";
import type { PoolOptions } from "../mysql/pool.ts";
import { storeAddress } from "../observability/store-span.ts";
import { instrumentPostgres, PostgresPoolMetrics } from "./instrument-postgres.ts";

export type PostgresSql = Sql;
/** What queries may be made of: a client, or a transaction of its own. */
export type PostgresQueries = ISql;

/**
 * A Postgres client with a few pipelined connections (four serve more requests per second than sixteen). Times are
 * UTC; a connection that cannot be made within 5 s is an error. `settings` are the server's own, for these connections.
 * Statements carry the id of the request that they are sent for, and are seen in its trace. One that takes too long is ended
 * and rejects. In a pool that ends them with the client none is sent before the one in front is done, for what Postgres ends
 * is whatever its connection works on. Opens nothing until it is used. See docs/decisions/statement-limits.md.
 */
export function connectPostgres(url: string, options: PoolOptions & { settings?: Record<string, string> } = {}): Sql {
  const {
    connections = 4,
    name,
    statementSeconds: seconds = defaultStatementSeconds,
    idleSeconds = defaultIdleSeconds,
    endsWithClient = false,
  } = options;
  const sql = postgres(url, {
    max: connections,
    connect_timeout: 5,
    // Another attempt is made when a statement needs one, at most half a second after the one before failed.
    backoff: (failures: number) => Math.min(0.02 * 2 ** failures, 0.5),
    onnotice: () => {},
    ...silenceLimit(seconds),
    ...(endsWithClient ? { max_pipeline: 0 } : {}),
    connection: {
      TimeZone: "UTC",
      application_name: name ? `quintet ${name}` : "quintet",
      statement_timeout: seconds * 1000,
      idle_in_transaction_session_timeout: idleSeconds * 1000,
      ...options.settings,
    },
  });
  return instrumentPostgres(sql, {
    address: storeAddress(url, 5432),
    limits: { seconds, idleSeconds, endsWithClient },
    metrics: name === undefined ? undefined : new PostgresPoolMetrics(name, connections),
  });
}

/**
 * An option that our patch gives the driver: a connection is closed on which a statement waits while nothing comes for so many seconds. The
 * server itself would have ended it before; here it is gone without a word, or stands still.
 */
function silenceLimit(seconds: number): object {
  return { silence_timeout: seconds === 0 ? 0 : seconds + 3 };
}

/** One connection for checks of health alone: whatever the pools are busy with, it is free to ask. */
export function healthPostgres(url: string): Sql {
  return connectPostgres(url, { connections: 1, statementSeconds: healthSeconds });
}
