import type { MysqlConnection } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import { identifier } from "../tables/quote.ts";
import type { Table } from "../tables/table.ts";
import { tableTarget } from "./row-target.ts";

/** A row as numbers and texts; a date and time is milliseconds since 1970. */
export type PlainRow = Record<string, number | string>;

/**
 * The columns of a table for a SELECT of plain rows. The server computes milliseconds faster than the driver parses dates; 62167219200
 * is 1970 in seconds since year 0.
 */
export function plainColumns(table: Table): string {
  const milliseconds = (name: string) =>
    `(TO_SECONDS(${name}) - 62167219200) * 1000 + MICROSECOND(${name}) DIV 1000 AS ${name}`;
  return table.columns
    .map(({ name, type }) => (type === "datetime" ? milliseconds(identifier(name)) : identifier(name)))
    .join(", ");
}

/** The ids after `after`, up to and including `last`. */
export interface IdRange {
  after: number;
  last: number;
}

/** The rows of a range by id; they are locked until the transaction ends. */
export async function lockRange(connection: MysqlConnection, table: Table, range: IdRange): Promise<PlainRow[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT ${plainColumns(table)} FROM ${identifier(tableTarget(table).name)} WHERE id > ? AND id <= ? ORDER BY id FOR UPDATE`,
    [range.after, range.last],
  );
  return rows;
}

/** Deletes the rows with these ids. */
export async function deleteIds(connection: MysqlConnection, table: Table, ids: readonly number[]): Promise<void> {
  if (ids.length > 0)
    await connection.query(`DELETE FROM ${identifier(tableTarget(table).name)} WHERE id IN (?)`, [ids]);
}

/** Deletes the rows of a range. */
export async function deleteRange(connection: MysqlConnection, table: Table, range: IdRange): Promise<void> {
  await connection.query(`DELETE FROM ${identifier(tableTarget(table).name)} WHERE id > ? AND id <= ?`, [
    range.after,
    range.last,
  ]);
}
