import { createPool, type Pool, type PoolConnection } from "mysql2/promise";
import { retryOnDeadlock } from "../limits/retry-on-deadlock.ts";
import { defaultIdleSeconds, defaultStatementSeconds, healthSeconds } from "../limits/statement-limits.ts";
import { mysqlMetrics } from "../observability/store-metrics.ts";
import { storeAddress } from "../observability/store-span.ts";
import { instrumentMysql } from "./instrument-mysql.ts";

export type { Pool as MysqlPool, PoolConnection as MysqlConnection };

/** How a pool of connections to MySQL or Postgres is used. */
export interface PoolOptions {
  connections?: number | undefined;
  /** By which metrics, and the server where it can, know the pool. */
  name?: string | undefined;
  /** A statement may take so long, and a wait for a connection; 0 for no limit; 5 unless told. */
  statementSeconds?: number | undefined;
  /** How long the driver is waited for, in ms, where that is to be shorter: connecting, waiting for a connection, a response. */
  timeoutMs?: number | undefined;
  /** A transaction that stands still between two statements is ended after this; 10 unless told. */
  idleSeconds?: number | undefined;
  /** Whether a statement is ended when the client of its request has gone; for pools that only read. */
  endsWithClient?: boolean | undefined;
}

/**
 * A pool of MySQL connections: times are UTC, values are bound by name (`:name`), a connection that cannot be made within
 * 5 s is an error. Statements carry the id of the request that they are sent for, and are seen in its trace. One that takes
 * too long is ended and rejects. Opens nothing until it is used. See docs/decisions/statement-limits.md.
 */
export function connectMysql(url: string, options: PoolOptions = {}): Pool {
  const pool = createPool({
    uri: url,
    connectionLimit: options.connections ?? 10,
    namedPlaceholders: true,
    timezone: "Z",
    charset: "utf8mb4",
    connectTimeout: options.timeoutMs ?? 5000,
    // The server allows 16,382 for all of its clients together (`max_prepared_stmt_count`); the driver would keep as many each.
    maxPreparedStatements: 200,
    enableKeepAlive: true,
    decimalNumbers: true,
    supportBigNumbers: true,
  });
  const {
    name,
    statementSeconds: seconds = defaultStatementSeconds,
    idleSeconds = defaultIdleSeconds,
    endsWithClient = false,
    timeoutMs,
  } = options;
  return instrumentMysql(pool, {
    url,
    address: storeAddress(url, 3306),
    limits: { seconds, idleSeconds, endsWithClient, timeoutMs },
    metrics: name === undefined ? undefined : mysqlMetrics(pool, name),
  });
}

/** One connection for checks of health alone: whatever the pools are busy with, it is free to ask. */
export function healthMysql(url: string): Pool {
  return connectMysql(url, { connections: 1, statementSeconds: healthSeconds });
}

/**
 * Runs `work` in one transaction on a connection of its own: commits when it resolves, rolls back when it
 * rejects, and in both cases gives the connection back. All of it runs again after a deadlock, see `retryOnDeadlock`: `work` keeps nothing of
 * an attempt that failed outside of the database.
 */
export function inMysqlTransaction<T>(pool: Pool, work: (connection: PoolConnection) => Promise<T>): Promise<T> {
  return retryOnDeadlock(() => tryTransaction(pool, work));
}

async function tryTransaction<T>(pool: Pool, work: (connection: PoolConnection) => Promise<T>): Promise<T> {
  const connection = await pool.getConnection();
  try {
    await connection.beginTransaction();
    const result = await work(connection);
    await connection.commit();
    connection.release();
    return result;
  } catch (error) {
    await connection.rollback().then(
      () => connection.release(),
      () => connection.destroy(),
    );
    throw error;
  }
}
