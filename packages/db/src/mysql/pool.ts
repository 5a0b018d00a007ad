import { createPool, type Pool, type PoolConnection } from "mysql2/promise";
import { retryOnDeadlock } from "../limits/retry-on-deadlock.ts";
import {
  defaultIdleSeconds,
  defaultStatementSeconds,
  healthSeconds,
  type PoolOptions,
} from "../limits/statement-limits.ts";
import { mysqlMetrics } from "../observability/store-metrics.ts";
import { storeAddress } from "../observability/store-span.ts";
import { instrumentMysql } from "./instrument-mysql.ts";

export type { Pool as MysqlPool, PoolConnection as MysqlConnection };

/**
 * A pool of MySQL connections. Times are UTC, values are bound by name (`:name`), connecting takes 5 s at most.
 * Statements have the id of their request, a span in its trace, and time limits; after a deadlock they are retried.
 * Connects when it is first used. See docs/decisions/statement-limits.md.
 */
export function connectMysql(url: string, options: PoolOptions = {}): Pool {
  const pool = createPool({
    uri: url,
    connectionLimit: options.connections ?? 10,
    namedPlaceholders: true,
    timezone: "Z",
    charset: "utf8mb4",
    connectTimeout: options.timeoutMs ?? 5000,
    // The server allows 16,382 for all clients together (`max_prepared_stmt_count`), and the driver would cache as many per connection.
    maxPreparedStatements: 200,
    enableKeepAlive: true,
    // A connection that is ended says so to the server, which would log it otherwise.
    gracefulEnd: true,
    decimalNumbers: options.exact !== true,
    supportBigNumbers: true,
    ...(options.exact ? { bigNumberStrings: true, dateStrings: true, jsonStrings: true } : {}),
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

/** A pool of one connection for health checks, which never wait for other statements. */
export function healthMysql(url: string): Pool {
  return connectMysql(url, { connections: 1, statementSeconds: healthSeconds });
}

/** What a transaction sees: one state of the database, or with each statement what is committed by then. */
export type Isolation = "REPEATABLE READ" | "READ COMMITTED";

/**
 * Runs `work` in a transaction: commits when it resolves, rolls back when it rejects. After a deadlock the whole
 * transaction runs again (`retryOnDeadlock`), so `work` must keep nothing from a failed attempt outside the database.
 * Without an `isolation` it is the server's default.
 */
export function inMysqlTransaction<T>(
  pool: Pool,
  work: (connection: PoolConnection) => Promise<T>,
  isolation?: Isolation,
): Promise<T> {
  return retryOnDeadlock(() => tryTransaction(pool, work, isolation));
}

async function tryTransaction<T>(
  pool: Pool,
  work: (connection: PoolConnection) => Promise<T>,
  isolation: Isolation | undefined,
): Promise<T> {
  const connection = await pool.getConnection();
  try {
    if (isolation) await connection.query(`SET TRANSACTION ISOLATION LEVEL ${isolation}`);
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
