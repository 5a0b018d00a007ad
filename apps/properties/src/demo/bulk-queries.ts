import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { type Database, select, write } from "../database.ts";
import type { NewFields } from "../properties/property.ts";
import { optionalColumns } from "../source/source.ts";
import { fill, type Statement } from "../sql/statements.ts";
import { markBlocks } from "../term-index/term-queries.ts";

/** Whether there is any property. */
export async function anyProperty(db: Database, on: MysqlPool | MysqlConnection): Promise<boolean> {
  const [row] = await select(on, db.statements["any-property"], {});
  return row?.found === 1;
}

/** Lets only one process at a time create demo data, until its transaction ends. */
export async function lockDemo(db: Database, on: MysqlConnection): Promise<void> {
  await select(on, db.statements["lock-demo"], {});
}

/**
 * Rebuilds every listing from the properties and their histories, after rows were loaded by other means. The term index is rebuilt
 * afterwards, in the background or by `indexAll`.
 */
export async function rebuildListings(db: Database, on: MysqlConnection): Promise<void> {
  await write(on, db.statements["rebuild-listings"], {});
  await markBlocks(db, on);
}

/** Inserts several properties without a status; returns the first of their consecutive ids. */
export async function insertProperties(db: Database, on: MysqlConnection, rows: NewFields[]): Promise<number> {
  const source = await db.source();
  const optional = optionalColumns.filter((column) => source.columns.has(column));
  const columns = ["address", "city", "price", "description", "year", ...optional] as const;
  const text = fill(db.statements["insert-properties"], { columns: columns.join(", ") });
  return (await insertRows(on, text, columns, rows)).insertId;
}

/** An entry of a property's history. */
export interface HistoryRow {
  id: number;
  statusId: number;
  updateDate: Date;
}

/** Inserts entries of histories, in the order of their ids. */
export async function insertStatuses(db: Database, on: MysqlConnection, rows: HistoryRow[]): Promise<void> {
  await insertRows(on, db.statements["insert-statuses"], ["id", "statusId", "updateDate"], rows);
}

function insertRows<Column extends string>(
  on: MysqlConnection,
  text: Statement<null>,
  columns: readonly Column[],
  rows: { [C in Column]?: string | number | Date | null | undefined }[],
) {
  const lists = rows.map((_, i) => `(${columns.map((column) => `:${column}${i}`).join(", ")})`);
  const values = rows.flatMap((row, i) => columns.map((column) => [`${column}${i}`, row[column] ?? null] as const));
  return write(on, fill(text, { rows: lists.join(", ") }), Object.fromEntries(values));
}
