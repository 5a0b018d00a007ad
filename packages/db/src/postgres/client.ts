import postgres, { type ISql, type Sql } from "postgres";
import {
  defaultIdleSeconds,
  defaultStatementSeconds,
  healthSeconds,
  type PoolOptions,
} from "../limits/statement-limits.ts";
import { storeAddress } from "../observability/store-span.ts";
import { instrumentPostgres, PostgresPoolMetrics } from "./instrument-postgres.ts";

export type PostgresSql = Sql;
/** A client or a transaction: what queries take. */
export type PostgresQueries = ISql;

/**
 * A Postgres client with a few pipelined connections (four serve more requests per second than sixteen). Times are UTC,
 * connecting takes 5 s at most. `settings` are server settings of the connections. Statements have the id of their
 * request, a span in its trace, and time limits; after a deadlock they are retried. With `endsWithClient` statements
 * are not pipelined, because Postgres cancels whatever a connection is running. Connects when it is first used. See
 * docs/decisions/statement-limits.md.
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
    // A reconnect is attempted when a statement needs one, at most half a second after the last failure.
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
 * An option of our patch of the driver: a connection is closed when a statement waits this many seconds without
 * receiving a byte. The server would have ended the statement before, so it is unreachable or stopped.
 */
function silenceLimit(seconds: number): object {
  return { silence_timeout: seconds === 0 ? 0 : seconds + 3 };
}

/** A client of one connection for health checks, which never wait for other statements. */
export function healthPostgres(url: string): Sql {
  return connectPostgres(url, { connections: 1, statementSeconds: healthSeconds });
}
