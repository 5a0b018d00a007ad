import type { MysqlConnection } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import { identifier, identifiers } from "../tables/quote.ts";
import { type Column, columnNamed, type Table } from "../tables/table.ts";
import { typedText } from "./key-lookup.ts";
import { type PlainRow, plainColumns, plainKey, plainReader, storeText } from "./plain-row.ts";

/** The rows with a key after that of the row `after`, up to and including that of the row `last`; open where there is none. */
export interface KeyRange {
  after?: PlainRow | undefined;
  last?: PlainRow | undefined;
}

/** The rows of a range by their primary key, locked until the transaction ends. */
export async function readRange(connection: MysqlConnection, table: Table, range: KeyRange): Promise<PlainRow[]> {
  const { sql, values } = inRange(table, range);
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT ${plainColumns(table)} FROM ${identifier(table.name)} WHERE ${sql} ORDER BY ${identifiers(table.primaryKey)} FOR UPDATE`,
    values,
  );
  return rows.map(plainReader(table));
}

/** Deletes the rows of a range; returns their number. */
export async function deleteRange(connection: MysqlConnection, table: Table, range: KeyRange): Promise<number> {
  const { sql, values } = inRange(table, range);
  const [result] = await connection.query(`DELETE FROM ${identifier(table.name)} WHERE ${sql}`, values);
  return (result as { affectedRows: number }).affectedRows;
}

/** The condition of a range, as bounds of the single columns: the server does not use an index for comparisons of row constructors. */
function inRange(table: Table, { after, last }: KeyRange): { sql: string; values: string[] } {
  const values: string[] = [];
  const bound = (row: PlainRow, sign: "<" | ">", final: string) => {
    const [only, ...others] = table.primaryKey.map((name) => columnNamed(table, name)).reverse();
    const parameter = (column: Column) => typedText(column, "?");
    const value = (column: Column) => storeText(column, row[plainKey(table.columns.indexOf(column))]!);
    let sql = `${identifier(only!.name)} ${final} ${parameter(only!)}`;
    let given = [value(only!)];
    for (const column of others) {
      const name = identifier(column.name);
      sql = `(${name} ${sign} ${parameter(column)} OR (${name} = ${parameter(column)} AND ${sql}))`;
      given = [value(column), value(column), ...given];
    }
    values.push(...given);
    return sql;
  };
  const conditions = [
    ...(after === undefined ? [] : [bound(after, ">", ">")]),
    ...(last === undefined ? [] : [bound(last, "<", "<=")]),
  ];
  return { sql: conditions.length === 0 ? "TRUE" : conditions.join(" AND "), values };
}
