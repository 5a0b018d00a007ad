import type { MysqlConnection } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import type { Fault } from "../csv/fault.ts";
import type { RowBatch } from "../csv/row-batch.ts";
import { rowFaults } from "../csv/row-faults.ts";
import { referencesTo } from "../tables/definitions.ts";
import { identifier, identifiers } from "../tables/quote.ts";
import { type ForeignKey, loadOfColumn, type Table } from "../tables/table.ts";
import { existingKeys } from "./key-lookup.ts";
import { type RowTarget, stagedTarget } from "./row-target.ts";

/** A foreign key of the table `from` with the number of rows that refer to a missing row. */
export interface BrokenReference {
  from: string;
  key: ForeignKey;
  count: number;
}

/** The rows that a table has, or those that it would have: the staged rows of a load. */
export type TableContent = Pick<RowTarget, "name" | "load">;

/**
 * The foreign keys that would be broken if a table had this content; empty when there are none. Referenced rows of other tables are
 * locked until the transaction ends.
 */
export async function brokenReferences(
  connection: MysqlConnection,
  table: Table,
  content: TableContent,
): Promise<BrokenReference[]> {
  const broken = await brokenOutgoing(connection, table, content);
  for (const { from, key } of await referencesTo(connection, table.name)) {
    if (from.name !== table.name) broken.push(...(await missing(connection, { from, key }, from, content)));
  }
  return broken;
}

/** The foreign keys of other tables, and of the table to itself, that are broken by the rows that the table has now. */
export async function brokenIncoming(connection: MysqlConnection, table: Table): Promise<BrokenReference[]> {
  const broken: BrokenReference[] = [];
  for (const { from, key } of await referencesTo(connection, table.name)) {
    broken.push(...(await missing(connection, { from, key }, { name: from.name }, { name: table.name })));
  }
  return broken;
}

/**
 * The foreign keys of a table that would be broken if it had this content. `within`: the rows that the table would have, by which
 * references to itself are checked; by default the content.
 */
export async function brokenOutgoing(
  connection: MysqlConnection,
  table: Table,
  content: TableContent,
  within: TableContent = content,
): Promise<BrokenReference[]> {
  const broken: BrokenReference[] = [];
  for (const key of table.foreignKeys) {
    const to = key.table === table.name ? within : { name: key.table };
    broken.push(...(await missing(connection, { from: table, key }, content, to)));
  }
  return broken;
}

/**
 * The reference if rows of `content` refer to rows that `to` lacks; the existing ones are locked. The server counts them, so that the
 * keys need no memory here.
 */
async function missing(
  connection: MysqlConnection,
  { from, key }: { from: Table; key: ForeignKey },
  content: TableContent,
  to: TableContent,
): Promise<BrokenReference[]> {
  const columns = identifiers(key.columns);
  const isValue = key.columns.map((column) => `${identifier(column)} IS NOT NULL`);
  const equal = key.columns.map((column, at) => `t.${identifier(key.references[at]!)} = k.${identifier(column)}`);
  const values: number[] = [];
  for (const [{ load }, condition, column] of [
    [content, isValue, loadOfColumn],
    [to, equal, `t.${loadOfColumn}`],
  ] as const) {
    if (load === undefined) continue;
    condition.push(`${column} = ?`);
    values.push(load);
  }
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT COALESCE(SUM(k._rows), 0) AS count
      FROM (SELECT ${columns}, COUNT(*) AS _rows FROM ${identifier(content.name)} WHERE ${isValue.join(" AND ")} GROUP BY ${columns}) AS k
      LEFT JOIN ${identifier(to.name)} AS t ON ${equal.join(" AND ")}
      WHERE t.${identifier(key.references[0]!)} IS NULL LOCK IN SHARE MODE`,
    values,
  );
  const count = Number(rows[0]?.count);
  return count > 0 ? [{ from: from.name, key, count }] : [];
}

/** Rows of a batch that are not stored: the index of the row in the batch, and why. */
export type SkippedRows = Map<number, { column: string; fault: Fault }>;

/**
 * The rows of a batch, besides those in `skipped`, that refer to a row which does not exist. The existing ones are locked, so that they
 * cannot be deleted before the rows are committed. A row may refer to a row of its own table that comes before it in the file, or to
 * itself; if the file is the whole content of the table (`whole`), such references are checked at its end. `load`: the load if its rows
 * are staged.
 */
export async function lockReferences(
  connection: MysqlConnection,
  batch: RowBatch,
  { whole, load, skipped = new Map() }: { whole: boolean; load?: number | undefined; skipped?: SkippedRows },
): Promise<SkippedRows> {
  for (const { key, columns, values, own } of batch.references) {
    if (own && whole) continue;
    const of = { name: key.table, names: key.references, columns };
    let existing = await existingKeys(connection, of, values, "shared");
    if (own && load !== undefined) {
      const staged = { ...of, name: stagedTarget(batch.table, load).name, load };
      existing = existing.union(await existingKeys(connection, staged, values, "none"));
    }
    const fault = rowFaults.noSuchRow(key.table);
    for (let row = 0; row < batch.rows; row++) {
      if (skipped.has(row)) continue;
      const value = values[row]!;
      if (value === null || existing.has(value) || own?.values[row] === value) {
        if (own) existing.add(own.values[row]!);
      } else {
        skipped.set(row, { column: columns[0]!.name, fault });
      }
    }
  }
  return skipped;
}
