import type { MysqlConnection } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import { type KeyValue, keyFields, type RowKeys } from "../csv/row-keys.ts";
import { defaultPrecision, defaultScale } from "../fields/field-faults.ts";
import { identifier } from "../tables/quote.ts";
import { type Column, loadOfColumn, type Table } from "../tables/table.ts";
import { type RowTarget, sameKey } from "./row-target.ts";

const keysAtOnce = 5000;

/** The locks that are held on the found rows until the transaction ends. */
const locks = { none: "", shared: " LOCK IN SHARE MODE", exclusive: " FOR UPDATE" } as const;

/** Columns of a table, or of the staged rows of a load, by which rows are found. `columns`: what their values are. */
export interface KeyColumns {
  name: string;
  load?: number | undefined;
  names: readonly string[];
  columns: readonly Column[];
}

/** The columns of a key in the table or the staged rows that `target` is. */
export function keyColumns(target: RowTarget, { columns }: RowKeys): KeyColumns {
  return { name: target.name, load: target.load, names: columns.map(({ name }) => name), columns };
}

/**
 * Those of the keys that exist. MySQL compares them, by the types and collations of its columns. A shared lock protects the rows from
 * changes until the transaction ends.
 */
export async function existingKeys(
  connection: MysqlConnection,
  of: KeyColumns,
  keys: Iterable<KeyValue>,
  lock: keyof typeof locks,
): Promise<Set<KeyValue>> {
  const found = new Set<KeyValue>();
  for (const { some, from, values } of keyChunks(of, keys)) {
    const [rows] = await connection.query<RowDataPacket[]>({
      sql: `SELECT k.n FROM ${from}${locks[lock]}`,
      values,
      rowsAsArray: true,
    });
    for (const row of rows) found.add(some[Number(row[0]) - 1]!);
  }
  return found;
}

/** Whether a row of a table has one of these keys and no staged row has its primary key. */
export async function hasUnreplaced(
  connection: MysqlConnection,
  of: KeyColumns,
  keys: Iterable<KeyValue>,
  { table, staged }: { table: Table; staged: RowTarget },
): Promise<boolean> {
  for (const { from, values } of keyChunks(of, keys)) {
    const [rows] = await connection.query<RowDataPacket[]>({
      sql: `SELECT k.n FROM ${from} LEFT JOIN ${identifier(staged.name)} AS s ON s.${loadOfColumn} = ? AND ${sameKey(table, "s", "t")}
        WHERE s.${loadOfColumn} IS NULL LIMIT 1`,
      values: [...values, staged.load!],
      rowsAsArray: true,
    });
    if (rows.length > 0) return true;
  }
  return false;
}

/** Deletes the rows with these keys. */
export async function deleteKeys(connection: MysqlConnection, of: KeyColumns, keys: Iterable<KeyValue>): Promise<void> {
  for (const { from, values } of keyChunks(of, keys)) {
    await connection.query(`DELETE t FROM ${from}`, values);
  }
}

/** `rowsOfKeys` of some thousand keys at a time, `some`. */
export function* keyChunks(
  of: KeyColumns,
  keys: Iterable<KeyValue>,
): Generator<ReturnType<typeof rowsOfKeys> & { some: NonNullable<KeyValue>[] }> {
  const wanted = [...new Set(keys)].filter((key) => key !== null);
  for (let at = 0; at < wanted.length; at += keysAtOnce) {
    const some = wanted.slice(at, at + keysAtOnce);
    yield { some, ...rowsOfKeys(of, some) };
  }
}

/** The rows `t` with the keys `k`, which are numbered by `k.n` from 1, as what follows FROM. Each row is found by its index. */
function rowsOfKeys(
  { name, load, names, columns }: KeyColumns,
  keys: readonly NonNullable<KeyValue>[],
): { from: string; values: (string | number)[] } {
  const fields = names.map((_, at) => `c${at} VARCHAR(255) PATH '$[${at}]'`).join(", ");
  const equal = names.map((column, at) => `t.${identifier(column)} = ${typedText(columns[at]!, `k.c${at}`)}`);
  if (load !== undefined) equal.push(`t.${loadOfColumn} = ?`);
  return {
    from: `JSON_TABLE(?, '$[*]' COLUMNS (n FOR ORDINALITY, ${fields})) AS k
      STRAIGHT_JOIN ${identifier(name)} AS t ON ${equal.join(" AND ")}`,
    values: [JSON.stringify(keys.map(keyFields)), ...(load === undefined ? [] : [load])],
  };
}

/** A text as a value that is compared with a column by the column's index. */
export function typedText({ type, precision, scale }: Column, text: string): string {
  switch (type) {
    case "integer":
    case "boolean":
      return `CAST(${text} AS SIGNED)`;
    case "number":
      return `CAST(${text} AS DECIMAL(${precision ?? defaultPrecision}, ${scale ?? defaultScale}))`;
    case "date":
      return `CAST(${text} AS DATE)`;
    case "time":
      return `CAST(${text} AS TIME(6))`;
    case "datetime":
      return `CAST(${text} AS DATETIME(6))`;
    case "uuid":
      return `CONVERT(${text} USING ascii) COLLATE ascii_bin`;
    default:
      return `${text} COLLATE utf8mb4_bin`;
  }
}
