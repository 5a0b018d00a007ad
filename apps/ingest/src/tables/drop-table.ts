import { inMysqlTransaction, type MysqlConnection } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { findTable, isTableName, listTables } from "./definitions.ts";
import { finishChange, finishDropping } from "./finish-change.ts";
import { identifier } from "./quote.ts";
import type { Table } from "./table.ts";
import { alone, holdIdle, type Stores, setState } from "./table-state.ts";

/** Deletes a table. Throws a 409 while other tables refer to it, a load is running, or it has rows and may not lose them. */
export async function dropTable(stores: Stores, name: string, withRows: boolean): Promise<void> {
  const notFound = () => new Problem("not-found", "Table not found. GET /ingest/tables lists the tables.");
  if (!isTableName(name)) throw notFound();
  await alone(stores, name, async (connection) => {
    await finishChange(connection, name);
    const table = await findTable(connection, name);
    if (!table) throw notFound();
    await inMysqlTransaction(stores.db, (transaction) => beginDropping(transaction, table, withRows, stores));
    await finishDropping(connection, name);
  });
}

/** From its commit on no transaction of a load or a request begins: each locks the definition first. */
async function beginDropping(
  transaction: MysqlConnection,
  { name }: Table,
  withRows: boolean,
  { loads }: Stores,
): Promise<void> {
  const refuse = (why: string) => new Problem("conflict", `Nothing was deleted: ${why}.`);
  await holdIdle(transaction, name, loads.heartbeatTimeoutMs);
  const refers = (await listTables(transaction, "unfinished as well")).filter(
    (other) => other.name !== name && other.foreignKeys.some((key) => key.table === name),
  );
  if (refers.length > 0) throw refuse(`${refers.map((other) => other.name).join(", ")} refers to ${name}`);
  const [rows] = await transaction.query<RowDataPacket[]>(`SELECT 1 FROM ${identifier(name)} LIMIT 1`);
  if (rows.length > 0 && !withRows) throw refuse(`${name} has rows, which rows=delete deletes as well`);
  await setState(transaction, name, "dropping");
}
