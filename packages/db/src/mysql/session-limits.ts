import { setTimeout as delay } from "node:timers/promises";
import { type Connection, createConnection, type Pool, type RowDataPacket } from "mysql2/promise";
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
  await onServerOf(url, connection, (other, id) => other.query({ sql: `KILL QUERY ${id}`, timeout: 2000 }));
}

/** How often a statement that does not end is looked for, in ms. */
const lookEveryMs = 1000;

/**
 * Kills the statement of a connection that was closed, and waits until it has ended: a function of a long text can go on for hours after
 * that. Calls `lingers` when it has not ended within a second. Never rejects.
 */
export async function endStatement(url: string, connection: object, lingers: () => void): Promise<void> {
  await killStatement(url, connection);
  for (let looks = 0; ; looks++) {
    await delay(lookEveryMs, undefined, { ref: false });
    let isThere = false;
    await onServerOf(url, connection, async (other, id) => {
      const sql = "SELECT 1 FROM information_schema.processlist WHERE id = ?";
      const [rows] = await other.query<RowDataPacket[]>({ sql, values: [id], timeout: 2000 });
      isThere = rows.length > 0;
    });
    if (!isThere) return;
    if (looks === 0) lingers();
  }
}

/** Does something on another connection to the server of one, if that can be reached. Never rejects. */
async function onServerOf(
  url: string,
  connection: object,
  work: (other: Connection, threadId: number) => Promise<unknown>,
): Promise<void> {
  const { threadId } = connection as CoreConnection;
  const server = servers.get(connection);
  if (server === undefined) return;
  try {
    const other = await createConnection({ uri: url, connectTimeout: 2000 });
    other.on("error", () => {});
    try {
      const [rows] = await other.query<RowDataPacket[]>({ sql: identity, timeout: 2000 });
      if (rows[0]?.server === server) await work(other, threadId);
    } finally {
      other.destroy();
    }
  } catch {
    // The time limit ends the statement.
  }
}
