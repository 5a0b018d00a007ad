import { type MysqlConnection, type MysqlPool, tryWithLock } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { mysqlErrorNumber } from "../store/bulk-store.ts";
import { isLocked } from "./ddl-problem.ts";
import { beforeName, stagedName } from "./table.ts";

/** The pools by which tables are changed. */
export interface Stores {
  db: MysqlPool;
  /** For statements that take their time. */
  bulk: MysqlPool;
  /** A load that has not been heard of for `heartbeatTimeoutMs` does not run any more. */
  loads: { heartbeatTimeoutMs: number };
}

export async function setState(
  connection: MysqlConnection,
  name: string,
  state: "ready" | "dropping" | "dropped",
): Promise<void> {
  await connection.query(
    "UPDATE ingest_tables SET state = ?, pending = NULL, changed_at = UTC_TIMESTAMP(3) WHERE name = ?",
    [state, name],
  );
}

/** The tables in the database that belong to a table, or would. */
export async function relatedTables(
  connection: MysqlConnection,
  name: string,
): Promise<readonly { name: string; comment: string }[]> {
  const [found] = await connection.query<(RowDataPacket & { name: string; comment: string })[]>(
    `SELECT table_name AS name, table_comment AS comment FROM information_schema.tables
      WHERE table_schema = DATABASE() AND table_name IN (?)`,
    [[name, stagedName(name), beforeName(name)]],
  );
  return found;
}

/** Holds a table that nothing is written to, until the transaction ends. Throws a 409 while a load is running or rows are written. */
export async function holdIdle(transaction: MysqlConnection, name: string, heartbeatTimeoutMs: number): Promise<void> {
  const [running] = await transaction.query<RowDataPacket[]>(
    `SELECT id FROM ingest_loads WHERE table_name = :name AND status = 'running'
      AND beat_at >= UTC_TIMESTAMP(3) - INTERVAL :timeout MICROSECOND LIMIT 1`,
    { name, timeout: heartbeatTimeoutMs * 1000 },
  );
  if (running[0]) throw new Problem("conflict", `Nothing was changed: load ${running[0].id} is running.`);
  try {
    // Waiting for a load would also hold up its next batches.
    await transaction.query("SELECT 1 FROM ingest_tables WHERE name = ? FOR UPDATE NOWAIT", [name]);
  } catch (error) {
    if (!isLocked.has(mysqlErrorNumber(error))) throw error;
    throw new Problem("conflict", `Nothing was changed: rows of ${name} are being written.`, { cause: error });
  }
}

export const lockName = (name: string) => `ingest table ${name}`;

/** A statement that changes a table waits for no longer than this for its readers, because new readers wait behind it. */
const lockWaitSeconds = 10;

/** Only one process at a time changes the table of a name. */
export async function alone(
  { bulk }: Stores,
  name: string,
  work: (connection: MysqlConnection) => Promise<void>,
): Promise<void> {
  const ran = await tryWithLock(bulk, lockName(name), async (connection) => {
    await connection.query("SET SESSION lock_wait_timeout = ?", [lockWaitSeconds]);
    await work(connection);
    await connection.query("SET SESSION lock_wait_timeout = DEFAULT");
  });
  if (ran) return;
  throw new Problem("conflict", `Another request is changing ${name}.`, { headers: { "Retry-After": "1" } });
}
