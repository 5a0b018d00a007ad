import { createConnection, type Pool, type RowDataPacket } from "mysql2/promise";
import type { StatementLimits } from "../limits/statement-limits.ts";

/** The parts of the driver's callback connection that this module uses. */
interface CoreConnection {
  threadId: number;
  _isMariaDB?: boolean;
  on(event: "error", heard: () => void): void;
  query(text: string, done: (error: unknown, rows: RowDataPacket[]) => void): void;
}

type CorePool = { on(event: "connection", heard: (connection: CoreConnection) => void): void };

const identity = "SELECT CONCAT(@@hostname, ':', @@port) AS server";

/**
 * The server of each connection. Behind a balancer another connection may lead to another server, where the same thread
 * id belongs to somebody else.
 */
const servers = new WeakMap<object, string>();

/** The statement that sets the limits of each connection. */
const limitTexts = new WeakMap<object, string>();

/**
 * Sets the time zone and the time limits of statements and idle transactions on each new connection of a pool. MariaDB limits all
 * statements, MySQL 8 limits reads and waits for row locks. If the server refuses, only the timeout of the driver
 * applies.
 */
export function limitMysqlSessions(pool: Pool, limits: StatementLimits): void {
  const { seconds, idleSeconds, endsWithClient } = limits;
  (pool as unknown as { pool: CorePool }).pool.on("connection", (connection) => {
    // Pending statements reject by themselves. The driver has one listener, and an `error` event without one would end the process.
    connection.on("error", () => {});
    // MariaDB ignores comments for MySQL 5.7 and later; MySQL ignores comments for MariaDB.
    const bounds = `, innodb_lock_wait_timeout = ${Math.max(1, seconds)}
      /*!50708 , max_execution_time = ${seconds * 1000} */ /*M! , max_statement_time = ${seconds} */`;
    const text = `SET SESSION time_zone = '+00:00', net_read_timeout = ${idleSeconds} /*M! , idle_transaction_timeout = ${idleSeconds} */`;
    limitTexts.set(connection, seconds > 0 ? text + bounds : text);
    limitSession(connection);
    if (!endsWithClient) return;
    connection.query(identity, (_error, rows) => {
      if (rows?.[0]) servers.set(connection, String(rows[0].server));
    });
  });
}

/** Sets the time limits of a connection of `limitMysqlSessions`, new or reset. The driver sends later statements after this one. */
export function limitSession(connection: object): void {
  const text = limitTexts.get(connection);
  if (text !== undefined) (connection as CoreConnection).query(text, () => {});
}

/**
 * Has MySQL 8 close a connection that is idle, from now on. It has no limit for transactions alone, and a permanent one
 * would close unused connections of the pool. The driver sends later statements after this one.
 */
export function limitIdleTransaction(connection: object, { idleSeconds }: StatementLimits): void {
  const core = connection as CoreConnection;
  if (!core._isMariaDB) core.query(`SET SESSION wait_timeout = ${idleSeconds}`, () => {});
}

/** Restores the default after a transaction. */
export function resetIdleLimit(connection: object): void {
  const core = connection as CoreConnection;
  if (!core._isMariaDB) core.query("SET SESSION wait_timeout = DEFAULT", () => {});
}

/**
 * Kills the statement that a connection is running, using another connection. Never rejects; takes a few seconds at
 * most.
 */
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
    // The time limit ends the statement.
  }
}
