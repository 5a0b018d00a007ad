import { type MysqlConnection, tryWithLock } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { mysqlErrorNumber } from "../store/bulk-store.ts";
import { alterBeside, alterTable, type TableChange } from "./alter-table.ts";
import { onlyWidens } from "./breaks.ts";
import { ownComment } from "./ddl.ts";
import { alterProblem } from "./ddl-problem.ts";
import { findTable } from "./definitions.ts";
import { identifier } from "./quote.ts";
import { referredTypes } from "./referred-types.ts";
import { beforeName, stagedName, type Table } from "./table.ts";
import { lockName, relatedTables, type Stores, setState } from "./table-state.ts";

/** MySQL's error numbers for a table that a foreign key refers to. */
const isReferenced = new Set([1217, 1451, 3730]);
/** Finishes what killed processes have begun, one table at a time. */
export async function finishChanges({ db, bulk }: Pick<Stores, "db" | "bulk">): Promise<void> {
  const [unfinished] = await db.query<RowDataPacket[]>(
    "SELECT name FROM ingest_tables WHERE state IN ('making', 'changing', 'dropping')",
  );
  for (const { name } of unfinished) await finishChangeOf({ bulk }, String(name));
}

/** Finishes what a killed process has begun with a table; does nothing while a process is at work. */
export async function finishChangeOf({ bulk }: Pick<Stores, "bulk">, name: string): Promise<void> {
  await tryWithLock(bulk, lockName(name), (connection) => finishChange(connection, name));
}

/**
 * Removes what is there of a table that was being made or deleted, and finishes the change of one that was being changed. Only for who
 * holds the lock.
 */
export async function finishChange(connection: MysqlConnection, name: string): Promise<void> {
  const [[found]] = await connection.query<RowDataPacket[]>("SELECT state FROM ingest_tables WHERE name = ?", [name]);
  if (found?.state === "dropping") await finishDropping(connection, name);
  if (found?.state === "changing") await resumeAltering(connection, name);
  if (found?.state !== "making") return;
  for (const { name: left, comment } of await relatedTables(connection, name)) {
    if (comment === ownComment) await connection.query(`DROP TABLE ${identifier(left)}`);
  }
  await setState(connection, name, "dropped");
}

/** After the table itself has been changed. */
export async function finishAltering(connection: MysqlConnection, tableChange: TableChange): Promise<void> {
  const { name } = tableChange.to;
  await cancelLoads(connection, name);
  const isEmptied = await alterBeside(connection, tableChange);
  if (isEmptied || !onlyWidens(tableChange.from, tableChange.to)) await forbidUndo(connection, name);
  await connection.query(
    `UPDATE ingest_tables SET state = 'ready', version = version + 1, definition = pending, pending = NULL,
      changed_at = UTC_TIMESTAMP(3) WHERE name = ?`,
    [name],
  );
}

/** Finishes what a killed process has begun to change, or takes it back if the table cannot be changed any more. */
async function resumeAltering(connection: MysqlConnection, name: string): Promise<void> {
  const [[row]] = await connection.query<RowDataPacket[]>("SELECT pending FROM ingest_tables WHERE name = ?", [name]);
  const from = await findTable(connection, name);
  if (!from || typeof row?.pending !== "string") return;
  const to = { name, ...(JSON.parse(row.pending) as Omit<Table, "name" | "version">) };
  let referred: ReadonlyMap<string, string>;
  try {
    referred = await referredTypes(connection, to);
    await alterTable(connection, { from, to, referred });
  } catch {
    await setState(connection, name, "ready");
    return;
  }
  await finishAltering(connection, { from, to, referred });
}

export async function finishDropping(connection: MysqlConnection, name: string): Promise<void> {
  try {
    await connection.query(`DROP TABLE IF EXISTS ${identifier(name)}`);
  } catch (error) {
    await setState(connection, name, "ready");
    if (!isReferenced.has(mysqlErrorNumber(error))) throw alterProblem(error);
    throw new Problem("conflict", `Nothing was deleted: a table that is not of ingest refers to ${name}.`, {
      cause: error,
    });
  }
  await connection.query(`DROP TABLE IF EXISTS ${identifier(stagedName(name))}, ${identifier(beforeName(name))}`);
  await cancelLoads(connection, name);
  await forbidUndo(connection, name);
  await setState(connection, name, "dropped");
}

/** Ends the loads that were cut off: they cannot be resumed any more. */
async function cancelLoads(connection: MysqlConnection, name: string): Promise<void> {
  await connection.query(
    `UPDATE ingest_loads SET status = 'cancelled', request_key = NULL, finished_at = UTC_TIMESTAMP(3)
      WHERE table_name = ? AND status IN ('running', 'cut off')`,
    [name],
  );
}

/** The loads of before cannot be undone any more: what the rows were would not fit the table, or is not there. */
async function forbidUndo(connection: MysqlConnection, name: string): Promise<void> {
  await connection.query(
    "UPDATE ingest_loads SET state = JSON_SET(state, '$.undoExpired', 1) WHERE table_name = ? AND state IS NOT NULL",
    [name],
  );
}
