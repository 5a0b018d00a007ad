import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import type { Table } from "../tables.ts";
import { columnList, tableTarget } from "./row-target.ts";

/** A row as clients see it: column names as in the files, moments in ISO 8601, UTC. */
export type TableRow = Record<string, string | number>;

/** Rows in the order of their ids, beginning after `after`. */
export async function listRows(db: MysqlPool, table: Table, after: number, limit: number): Promise<TableRow[]> {
  const { name, columns } = tableTarget(table);
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT ${columnList(columns)} FROM ${name} WHERE id > :after ORDER BY id LIMIT :limit`,
    { after, limit },
  );
  return rows.map((row) =>
    Object.fromEntries(
      table.columns.map(({ name: column, kind }) => [
        column,
        kind === "datetime" ? isoMoment(row[column]) : row[column],
      ]),
    ),
  );
}

/** A moment as the files have it: milliseconds only where there are some. */
export function isoMoment(moment: Date): string {
  return moment.toISOString().replace(".000Z", "Z");
}

/** Deletes every row; the rows are locked until the transaction of `connection` ends. */
export async function deleteRows(connection: MysqlConnection, table: Table): Promise<void> {
  await connection.query(`DELETE FROM ${tableTarget(table).name}`);
}

/** The number of rows of a table. */
export async function countRows(connection: MysqlConnection, table: Pick<Table, "name">): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${table.name}`);
  return Number(rows[0]?.count);
}
