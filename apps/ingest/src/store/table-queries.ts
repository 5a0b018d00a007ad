import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { findTable } from "../tables/definitions.ts";
import { identifier, identifiers } from "../tables/quote.ts";
import { type Column, columnNamed, type Table } from "../tables/table.ts";
import { typedText } from "./key-lookup.ts";
import { filterCondition, type RowFilter } from "./row-filter.ts";

/**
 * The values of a row in the order of the columns: whole numbers of more than 53 bits, decimal numbers, dates and times are texts as
 * MySQL writes them.
 */
export type StoredRow = readonly (string | number | null)[];

/** Which rows are read: those after a key, by key. */
export interface RowRange {
  after?: readonly string[] | undefined;
  filters?: readonly RowFilter[];
  limit: number;
}

/** Rows by primary key. */
export async function readRows(
  db: Pick<MysqlPool, "query">,
  table: Table,
  { after, filters = [], limit }: RowRange,
): Promise<StoredRow[]> {
  const conditions = filters.map(filterCondition);
  if (after !== undefined) conditions.push(afterKey(table, after));
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.map(({ sql }) => `(${sql})`).join(" AND ")}`;
  const [rows] = await db.query<RowDataPacket[]>({
    sql: `SELECT ${table.columns.map(selected).join(", ")} FROM ${identifier(table.name)} ${where}
      ORDER BY ${identifiers(table.primaryKey)} LIMIT ?`,
    values: [...conditions.flatMap(({ values }) => values), limit],
    rowsAsArray: true,
  });
  return rows as unknown as StoredRow[];
}

const asText = new Set<Column["type"]>(["number", "date", "time", "datetime"]);

/** A column in a SELECT. The driver would round decimal numbers, and cut off microseconds. */
function selected({ name, type }: Column): string {
  return asText.has(type) ? `CAST(${identifier(name)} AS CHAR)` : identifier(name);
}

/** The primary key of a row, as texts. */
export function keyOf(table: Table, row: StoredRow): string[] {
  return table.primaryKey.map((name) => String(row[table.columns.indexOf(columnNamed(table, name))]));
}

/** The rows after a key. The first comparison is implied by the others: by it MySQL finds where to begin in the index. */
function afterKey(table: Table, key: readonly string[]): { sql: string; values: string[] } {
  const columns = table.primaryKey.map((name) => columnNamed(table, name));
  const compare = (at: number, operator: string) =>
    `${identifier(columns[at]!.name)} ${operator} ${typedText(columns[at]!, "?")}`;
  const alternatives = columns.map((_, at) => ({
    sql: [...Array.from({ length: at }, (_, before) => compare(before, "=")), compare(at, ">")].join(" AND "),
    values: key.slice(0, at + 1),
  }));
  return {
    sql: `${compare(0, ">=")} AND (${alternatives.map(({ sql }) => sql).join(" OR ")})`,
    values: [key[0]!, ...alternatives.flatMap(({ values }) => values)],
  };
}

const firstRows = 200;
const maxRows = 5000;
const pageLength = 1024 * 1024;

/**
 * All rows that pass the filters, by primary key, some at a time: pages of about a million characters, so that memory depends neither on
 * the size of the table nor of its rows. Each row that is there all the time is read once. Throws when the table is changed meanwhile.
 */
export async function* readAllRows(
  db: Pick<MysqlPool, "query">,
  table: Table,
  filters: readonly RowFilter[],
): AsyncGenerator<StoredRow[]> {
  let after: string[] | undefined;
  for (let limit = firstRows; ; ) {
    const now = await findTable(db, table.name);
    if (now?.version !== table.version) throw new Problem("conflict", `${table.name} was changed while it was read.`);
    const rows = await readRows(db, table, { after, filters, limit });
    if (rows.length > 0) yield rows;
    if (rows.length < limit) return;
    after = keyOf(table, rows.at(-1)!);
    const length = rows.reduce((sum, row) => sum + lengthOf(row), 0);
    limit = Math.max(1, Math.min(maxRows, Math.floor((pageLength * rows.length) / length)));
  }
}

function lengthOf(row: StoredRow): number {
  let length = row.length * 8;
  for (const value of row) if (typeof value === "string") length += value.length;
  return length;
}

/** Deletes all rows of a table, in the transaction of `connection`. */
export async function deleteRows(connection: MysqlConnection, table: Table): Promise<void> {
  await connection.query(`DELETE FROM ${identifier(table.name)}`);
}
