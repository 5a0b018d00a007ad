import type { MysqlConnection } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import type { KeyValue } from "../csv/row-keys.ts";
import { identifier, identifiers } from "../tables/quote.ts";
import { beforeName, loadColumn, loadOfColumn, type Table } from "../tables/table.ts";
import { type KeyColumns, keyChunks } from "./key-lookup.ts";
import { sameKey } from "./row-target.ts";

const writer = identifier(loadColumn);

/**
 * Keeps rows of a table as they are before a load changes or deletes them, in the transaction that does; returns how many. `rows`:
 * the rows `t` as what follows FROM. They are locked until the transaction ends.
 */
export async function keepRows(
  connection: MysqlConnection,
  table: Table,
  load: number,
  rows: { from: string; values: readonly (string | number)[] },
): Promise<number> {
  const names = [...table.columns.map(({ name }) => name), loadColumn];
  const [result] = await connection.query<ResultSetHeader>(
    `INSERT INTO ${identifier(beforeName(table.name))} (${loadOfColumn}, ${identifiers(names)})
      SELECT ?, ${identifiers(names, "t")} FROM ${rows.from} FOR UPDATE`,
    [load, ...rows.values],
  );
  return result.affectedRows;
}

/** Deletes the rows of a table that a load has kept. Returns how many. */
export async function deleteKept(connection: MysqlConnection, table: Table, load: number): Promise<number> {
  const [name, before] = [table.name, beforeName(table.name)].map(identifier);
  const [result] = await connection.query<ResultSetHeader>(
    `DELETE t FROM ${before} AS b STRAIGHT_JOIN ${name} AS t ON ${sameKey(table, "t", "b")} WHERE b.${loadOfColumn} = ?`,
    [load],
  );
  return result.affectedRows;
}

/** Keeps the rows with these keys that the load itself has not written; returns how many. */
export async function keepByKeys(
  connection: MysqlConnection,
  table: Table,
  load: number,
  { of, keys }: { of: KeyColumns; keys: Iterable<KeyValue> },
): Promise<number> {
  let kept = 0;
  for (const { from, values } of keyChunks(of, keys)) {
    kept += await keepRows(connection, table, load, {
      from: `${from} WHERE NOT (t.${writer} <=> ?)`,
      values: [...values, load],
    });
  }
  return kept;
}

/** Forgets rows with these keys that were kept but then not changed, because the new row was refused; returns how many. */
export async function forgetUnchanged(
  connection: MysqlConnection,
  table: Table,
  load: number,
  { of, keys }: { of: KeyColumns; keys: Iterable<KeyValue> },
): Promise<number> {
  let forgotten = 0;
  for (const { from, values } of keyChunks(of, keys)) {
    const [result] = await connection.query<ResultSetHeader>(
      `DELETE b FROM ${from} STRAIGHT_JOIN ${identifier(beforeName(table.name))} AS b
        ON b.${loadOfColumn} = ? AND ${sameKey(table, "b", "t")} WHERE NOT (t.${writer} <=> ?)`,
      [...values, load, load],
    );
    forgotten += result.affectedRows;
  }
  return forgotten;
}

/** Who has written rows since a load: another load, or null for anything else; and how many rows. */
export type Writers = Map<number | null, number>;

/** The later loads that have changed or deleted rows of a load. */
export async function laterWriters(connection: MysqlConnection, table: Table, load: number): Promise<Writers> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT ${loadOfColumn} AS writer, COUNT(*) AS count FROM ${identifier(beforeName(table.name))}
      WHERE ${writer} = ? AND ${loadOfColumn} <> ? GROUP BY ${loadOfColumn}`,
    [load, load],
  );
  return writersOf(rows);
}

/** Who has stored rows with the keys of those that a load has kept. The load's own rows must have been deleted by now. */
export async function writersOfKept(connection: MysqlConnection, table: Table, load: number): Promise<Writers> {
  const [name, before] = [table.name, beforeName(table.name)].map(identifier);
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT t.${writer} AS writer, COUNT(*) AS count FROM ${before} AS b
      STRAIGHT_JOIN ${name} AS t ON ${sameKey(table, "t", "b")} WHERE b.${loadOfColumn} = ? GROUP BY t.${writer}`,
    [load],
  );
  return writersOf(rows);
}

function writersOf(rows: RowDataPacket[]): Writers {
  return new Map(rows.map(({ writer, count }) => [writer === null ? null : Number(writer), Number(count)]));
}

/** Deletes the rows of a table that a load wrote last; returns how many. */
export async function deleteWritten(connection: MysqlConnection, table: Table, load: number): Promise<number> {
  const [result] = await connection.query<ResultSetHeader>(
    `DELETE FROM ${identifier(table.name)} WHERE ${writer} = ?`,
    [load],
  );
  return result.affectedRows;
}

/** Puts the rows that a load has kept back into the table, and forgets them. */
export async function restoreKept(connection: MysqlConnection, table: Table, load: number): Promise<void> {
  const [name, before] = [table.name, beforeName(table.name)].map(identifier);
  const names = identifiers([...table.columns.map((column) => column.name), loadColumn]);
  await connection.query(`INSERT INTO ${name} (${names}) SELECT ${names} FROM ${before} WHERE ${loadOfColumn} = ?`, [
    load,
  ]);
  await connection.query(`DELETE FROM ${before} WHERE ${loadOfColumn} = ?`, [load]);
}
