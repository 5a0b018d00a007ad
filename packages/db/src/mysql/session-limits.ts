import { createConnection, type Pool, type RowDataPacket } from "mysql2/promise";
import type { StatementLimits } from "../limits/statement-limits.ts";

/** What this module knows of the driver's own connection. */
interface CoreConnection {
  threadId: number;
  _isMariaDB?: boolean;
  on(event: "error", heard: () => void): void;
  query(text: string, done: (error: unknown, rows: RowDataPacket[]) => void): void;
}

type CorePool = { on(event: "connection", heard: (connection: CoreConnection) => void): void };

const identity = "SELECT CONCAT(@@hostname, ':', @@port) AS server";

/**
 * Which server a connection leads to: behind a balancer the next connection may lead to another one, where a thread of the
 * same number is somebody else's.
 */
const servers = new WeakMap<object, string>();

/**
 * Tells the server of each new connection of a pool how long statements may take, and how long transactions may stand still. MariaDB
 * bounds all statements, MySQL 8 what reads and what waits for a row's lock. A server that refuses is left to the driver's own deadline.
 */
export function limitMysqlSessions(pool: Pool, limits: StatementLimits): void {
  const { seconds, idleSeconds, endsWithClient } = limits;
  (pool as unknown as { pool: CorePool }).pool.on("connection", (connection) => {
    // What was sent is rejected by itself. The driver listens once, and Node ends a process at an error that nobody listens for.
    connection.on("error", () => {});
    // MariaDB takes no notice of a comment for MySQL 5.7 and later, MySQL none of one for MariaDB.
    const bounds = `, innodb_lock_wait_timeout = ${Math.max(1, seconds)}
      /*!50708 , max_execution_time = ${seconds * 1000} */ /*M! , max_statement_time = ${seconds} */`;
    const text = `SET SESSION net_read_timeout = ${idleSeconds} /*M! , idle_transaction_timeout = ${idleSeconds} */`;
    connection.query(seconds > 0 ? text + bounds : text, () => {});
    if (!endsWithClient) return;
    connection.query(identity, (_error, rows) => {
      if (rows?.[0]) servers.set(connection, String(rows[0].server));
    });
  });
}

/**
 * Has MySQL 8 close a connection that stands still, from now on. It has no limit for transactions alone, and one for all of its time
 * would close those that lie unused in the pool. The driver sends what comes next after it.
 */
export function limitIdleTransaction(connection: object, { idleSeconds }: StatementLimits): void {
  const core = connection as CoreConnection;
  if (!core._isMariaDB) core.query(`SET SESSION wait_timeout = ${idleSeconds}`, () => {});
}

/** Ends that: the transaction is over. */
export function resetIdleLimit(connection: object): void {
  const core = connection as CoreConnection;
  if (!core._isMariaDB) core.query("SET SESSION wait_timeout = DEFAULT", () => {});
}

/** Ends the statement that a connection of the driver's own is working on, by another connection. Never rejects, and takes some seconds at most. */
export async function killStatement(url: string, connection: object): Promise<void> {
  const { threadId } = connection as CoreConnection;
  const server = servers.get(connection);
  if (server === undefined) return;
  try {
    const other = await createConnection({ uri: url, connectTimeout: 2000 });
    other.on("error", () => {});
    try {
      const [rows] = await other.query<RowDataPacket[]>({ sql: identity, timeout: 2000 });
      if (rows[0]?.server === server) await other.query({ sql: `KILL QUERY ${threadId}`, timeout: 2000 });
    } finally {
      other.destroy();
    }
  } catch {
    // Then the statement ends by its limit.
  }
}
