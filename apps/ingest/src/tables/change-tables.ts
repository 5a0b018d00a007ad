import { inMysqlTransaction, type MysqlConnection, type MysqlPool, tryWithLock } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { mysqlErrorNumber } from "../store/bulk-store.ts";
import { createStatements, ownComment } from "./ddl.ts";
import { findTable, isTableName, listTables } from "./definitions.ts";
import { identifier } from "./quote.ts";
import { referredTypes } from "./referred-types.ts";
import { beforeName, stagedName, type Table } from "./table.ts";

/** MySQL's error numbers for a missing right. */
const denied = new Set([1044, 1142, 1227, 1370]);
/** MySQL's error numbers for a table that a foreign key refers to. */
const isReferenced = new Set([1217, 1451, 3730]);
/** MySQL's error numbers for a lock that another transaction holds, with NOWAIT. */
const isLocked = new Set([1205, 3572]);
/** MySQL's error numbers for limits of a table, and what they mean. */
const limits = new Map([
  [1060, "Two columns have names that the database takes as the same: it ignores case and accents."],
  [1071, "The columns of the primary key or of a unique column are too long together: a key has up to 3,072 bytes."],
  [1117, "There are too many columns."],
  [1118, "The columns are too long together for one row: use a maxLength above 2,000, or fewer columns."],
  [1170, "A text in a key needs a maxLength of up to 255."],
]);

/**
 * Makes a table; `false` when it is there with the same definition. DDL commits by itself, so the definition is `making` until all is
 * there: what a killed process has left of it is not visible, and is removed by the next one, see `finishChanges`.
 *
 * Throws a 409 when the name has another definition or the database a table of somebody else, and a 422 when a reference does not fit.
 */
export async function createTable(db: MysqlPool, table: Omit<Table, "version">, by: string): Promise<boolean> {
  const { name, ...definition } = table;
  let made = false;
  await alone(db, name, async (connection) => {
    await finishChange(connection, name);
    const found = await findTable(connection, name);
    if (found) {
      const { name: _, version: __, ...kept } = found;
      if (JSON.stringify(sorted(kept)) === JSON.stringify(sorted(definition))) return;
      throw new Problem("conflict", `${name} has another definition. Delete the table first.`);
    }
    await refuseOthers(connection, name);
    const referred = await inMysqlTransaction(db, async (transaction) => {
      const types = await referredTypes(transaction, table);
      await transaction.query(
        `INSERT INTO ingest_tables (name, version, state, definition, created_by, created_at, changed_at)
          VALUES (:name, 1, 'making', :definition, :by, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))
          ON DUPLICATE KEY UPDATE version = version + 1, state = 'making', definition = :definition,
            created_by = :by, created_at = UTC_TIMESTAMP(3), changed_at = UTC_TIMESTAMP(3)`,
        { name, definition: JSON.stringify(definition), by },
      );
      return types;
    });
    try {
      for (const statement of createStatements(table, referred)) await connection.query(statement);
    } catch (error) {
      await finishChange(connection, name);
      const limit = limits.get(mysqlErrorNumber(error));
      if (limit) throw new Problem("unprocessable", limit, { errors: [{ path: "fields", message: limit }] });
      throw deniedProblem(error);
    }
    await setState(connection, name, "ready");
    made = true;
  });
  return made;
}

/** What a table is deleted with. */
export interface DropOptions {
  /** Whether its rows may be deleted as well. */
  withRows: boolean;
  /** A load that has not been heard of for longer does not run any more. */
  heartbeatTimeoutMs: number;
}

/** Deletes a table. Throws a 409 while other tables refer to it, a load is running, or it has rows and may not lose them. */
export async function dropTable(db: MysqlPool, name: string, options: DropOptions): Promise<void> {
  const notFound = () => new Problem("not-found", "Table not found. GET /ingest/tables lists the tables.");
  if (!isTableName(name)) throw notFound();
  await alone(db, name, async (connection) => {
    await finishChange(connection, name);
    const table = await findTable(connection, name);
    if (!table) throw notFound();
    await inMysqlTransaction(db, (transaction) => beginDropping(transaction, table, options));
    await finishDropping(connection, name);
  });
}

/** From its commit on no transaction of a load or a request begins: each locks the definition first. */
async function beginDropping(transaction: MysqlConnection, { name }: Table, options: DropOptions): Promise<void> {
  const refuse = (why: string) => new Problem("conflict", `Nothing was deleted: ${why}.`);
  const [running] = await transaction.query<RowDataPacket[]>(
    `SELECT id FROM ingest_loads WHERE table_name = :name AND status = 'running'
      AND beat_at >= UTC_TIMESTAMP(3) - INTERVAL :timeout MICROSECOND LIMIT 1`,
    { name, timeout: options.heartbeatTimeoutMs * 1000 },
  );
  if (running[0]) throw refuse(`load ${running[0].id} is running`);
  try {
    // Waiting for a load would also hold up its next batches.
    await transaction.query("SELECT 1 FROM ingest_tables WHERE name = ? FOR UPDATE NOWAIT", [name]);
  } catch (error) {
    if (isLocked.has(mysqlErrorNumber(error))) throw refuse(`rows of ${name} are being written`);
    throw error;
  }
  const refers = (await listTables(transaction, "unfinished as well")).filter(
    (other) => other.name !== name && other.foreignKeys.some((key) => key.table === name),
  );
  if (refers.length > 0) throw refuse(`${refers.map((other) => other.name).join(", ")} refers to ${name}`);
  const [rows] = await transaction.query<RowDataPacket[]>(`SELECT 1 FROM ${identifier(name)} LIMIT 1`);
  if (rows.length > 0 && !options.withRows) throw refuse(`${name} has rows, which rows=delete deletes as well`);
  await setState(transaction, name, "dropping");
}

async function finishDropping(connection: MysqlConnection, name: string): Promise<void> {
  try {
    await connection.query(`DROP TABLE IF EXISTS ${identifier(name)}`);
  } catch (error) {
    await setState(connection, name, "ready");
    if (!isReferenced.has(mysqlErrorNumber(error))) throw deniedProblem(error);
    throw new Problem("conflict", `Nothing was deleted: a table that is not of ingest refers to ${name}.`, {
      cause: error,
    });
  }
  await connection.query(`DROP TABLE IF EXISTS ${identifier(stagedName(name))}, ${identifier(beforeName(name))}`);
  await connection.query(
    `UPDATE ingest_loads SET status = 'cancelled', request_key = NULL, finished_at = UTC_TIMESTAMP(3)
      WHERE table_name = ? AND status IN ('running', 'cut off')`,
    [name],
  );
  await setState(connection, name, "dropped");
}

/** Finishes what killed processes have begun, one table at a time. */
export async function finishChanges(db: MysqlPool): Promise<void> {
  const [unfinished] = await db.query<RowDataPacket[]>(
    "SELECT name FROM ingest_tables WHERE state IN ('making', 'dropping')",
  );
  for (const { name } of unfinished) {
    await tryWithLock(db, lockName(String(name)), (connection) => finishChange(connection, String(name)));
  }
}

/** Removes what is there of a table that was being made, or is left of one that was being deleted. Only for who holds the lock. */
async function finishChange(connection: MysqlConnection, name: string): Promise<void> {
  const [[found]] = await connection.query<RowDataPacket[]>("SELECT state FROM ingest_tables WHERE name = ?", [name]);
  if (found?.state === "dropping") await finishDropping(connection, name);
  if (found?.state !== "making") return;
  for (const { name: left, comment } of await relatedTables(connection, name)) {
    if (comment === ownComment) await connection.query(`DROP TABLE ${identifier(left)}`);
  }
  await setState(connection, name, "dropped");
}

/** Throws a 409 when the database has a table of that name that is not of this service. */
async function refuseOthers(connection: MysqlConnection, name: string): Promise<void> {
  const [other] = await relatedTables(connection, name);
  if (!other) return;
  throw new Problem("conflict", `The database has a table ${other.name} that this service has not made.`);
}

/** The tables in the database that belong to a table, or would. */
async function relatedTables(
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

async function setState(
  connection: MysqlConnection,
  name: string,
  state: "ready" | "dropping" | "dropped",
): Promise<void> {
  await connection.query("UPDATE ingest_tables SET state = ?, changed_at = UTC_TIMESTAMP(3) WHERE name = ?", [
    state,
    name,
  ]);
}

const lockName = (name: string) => `ingest table ${name}`;

/** Only one process at a time changes the table of a name. */
async function alone(db: MysqlPool, name: string, work: (connection: MysqlConnection) => Promise<void>): Promise<void> {
  if (await tryWithLock(db, lockName(name), work)) return;
  throw new Problem("conflict", `Another request is changing ${name}.`, { headers: { "Retry-After": "1" } });
}

function deniedProblem(error: unknown): unknown {
  if (!denied.has(mysqlErrorNumber(error))) return error;
  const detail = "The database user of this service may not do that: it needs CREATE, DROP and REFERENCES.";
  return new Problem("forbidden", detail, { cause: error });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, of]) => [key, sorted(of)]),
  );
}
