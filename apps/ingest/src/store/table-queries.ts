import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import { identifier, identifiers } from "../tables/quote.ts";
import type { Table } from "../tables/table.ts";
import { tableTarget } from "./row-target.ts";

/** A row as in responses: column names as in the files, dates and times in ISO 8601, UTC. */
export type TableRow = Record<string, string | number>;

/** Rows by id, starting after `after`. */
export async function listRows(db: MysqlPool, table: Table, after: number, limit: number): Promise<TableRow[]> {
  const { name, columns } = tableTarget(table);
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT ${identifiers(columns)} FROM ${identifier(name)} WHERE id > :after ORDER BY id LIMIT :limit`,
    { after, limit },
  );
  return rows.map((row) =>
    Object.fromEntries(
      table.columns.map(({ name: column, type }) => [
        column,
        type === "datetime" ? isoMoment(row[column]) : row[column],
      ]),
    ),
  );
}

/** A date and time as in the files: with milliseconds only if not zero. */
export function isoMoment(moment: Date): string {
  return moment.toISOString().replace(".000Z", "Z");
}

/** Deletes all rows of a table, in the transaction of `connection`. */
export async function deleteRows(connection: MysqlConnection, table: Table): Promise<void> {
  await connection.query(`DELETE FROM ${identifier(tableTarget(table).name)}`);
}
