import type { MysqlConnection } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import type { Fault } from "../csv/fault.ts";
import type { RowBatch } from "../csv/row-batch.ts";
import { rowFaults } from "../csv/row-faults.ts";
import { type KeyValue, keyFrom } from "../csv/row-keys.ts";
import { referencesTo } from "../tables/definitions.ts";
import { identifier, identifiers } from "../tables/quote.ts";
import { columnNamed, type ForeignKey, type Table } from "../tables/table.ts";
import { existingKeys } from "./key-lookup.ts";
import { stagedTarget } from "./row-target.ts";

/** How many rows refer to each key. */
export type ReferencedKeys = ReadonlyMap<KeyValue, number>;

/** A foreign key of the table `from` with the number of rows that refer to a missing row. */
export interface BrokenReference {
  from: string;
  key: ForeignKey;
  count: number;
}

/** The keys that the rows of a table, or the staged rows of a load, refer to. */
async function readReferencedKeys(
  connection: MysqlConnection,
  from: { name: string; load?: number | undefined },
  { columns }: ForeignKey,
): Promise<ReferencedKeys> {
  const conditions = columns.map((column) => `${identifier(column)} IS NOT NULL`);
  if (from.load !== undefined) conditions.push("load_id = ?");
  const [groups] = await connection.query<RowDataPacket[]>({
    sql: `SELECT ${columns.map((column) => `CAST(${identifier(column)} AS CHAR)`).join(", ")}, COUNT(*)
      FROM ${identifier(from.name)} WHERE ${conditions.join(" AND ")} GROUP BY ${identifiers(columns)}`,
    values: from.load === undefined ? [] : [from.load],
    rowsAsArray: true,
  });
  return new Map(
    groups.map((group) => [keyFrom((group as unknown as string[]).slice(0, -1)), Number(group[columns.length])]),
  );
}

/** The rows that a table has or would have. */
export interface TableContent {
  /** The table that has its rows; for staged rows, the load. */
  source: { name: string; load?: number | undefined };
  /** The keys that its rows refer to. */
  referencedKeys(key: ForeignKey): ReferencedKeys | Promise<ReferencedKeys>;
}

/** The staged rows of a load as the content that the table would have. */
export function stagedContent(connection: MysqlConnection, table: Table, load: number): TableContent {
  const source = stagedTarget(table, load);
  return { source, referencedKeys: (key) => readReferencedKeys(connection, source, key) };
}

/** The rows that a table has. */
export function tableContent(connection: MysqlConnection, { name }: Table): TableContent {
  return { source: { name }, referencedKeys: (key) => readReferencedKeys(connection, { name }, key) };
}

/**
 * The foreign keys that would be broken if a table had this content; empty when there are none. Referenced rows of other tables are
 * locked until the transaction ends.
 */
export async function brokenReferences(
  connection: MysqlConnection,
  table: Table,
  content: TableContent,
): Promise<BrokenReference[]> {
  const broken: BrokenReference[] = [];
  for (const key of table.foreignKeys) {
    const named = await content.referencedKeys(key);
    const to = key.table === table.name ? content.source : { name: key.table };
    broken.push(...(await missing(connection, { from: table, key }, named, to)));
  }
  for (const { from, key } of await referencesTo(connection, table.name)) {
    if (from.name === table.name) continue;
    const named = await readReferencedKeys(connection, { name: from.name }, key);
    broken.push(...(await missing(connection, { from, key }, named, content.source)));
  }
  return broken;
}

/**
 * The foreign keys of other tables, and of the table to itself, that are broken by the rows that the table has now. The server counts them,
 * so that the keys need no memory here.
 */
export async function brokenIncoming(connection: MysqlConnection, table: Table): Promise<BrokenReference[]> {
  const broken: BrokenReference[] = [];
  for (const { from, key } of await referencesTo(connection, table.name)) {
    const columns = identifiers(key.columns);
    const isValue = key.columns.map((column) => `${identifier(column)} IS NOT NULL`).join(" AND ");
    const equal = key.columns.map((column, at) => `t.${identifier(key.references[at]!)} = k.${identifier(column)}`);
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT COALESCE(SUM(k._rows), 0) AS count
        FROM (SELECT ${columns}, COUNT(*) AS _rows FROM ${identifier(from.name)} WHERE ${isValue} GROUP BY ${columns}) AS k
        LEFT JOIN ${identifier(table.name)} AS t ON ${equal.join(" AND ")} WHERE t.${identifier(key.references[0]!)} IS NULL`,
    );
    const count = Number(rows[0]?.count);
    if (count > 0) broken.push({ from: from.name, key, count });
  }
  return broken;
}

/** The foreign keys that are broken by rows of a load which have been stored in the table. */
export async function brokenOutgoing(
  connection: MysqlConnection,
  table: Table,
  content: TableContent,
): Promise<BrokenReference[]> {
  const broken: BrokenReference[] = [];
  for (const key of table.foreignKeys) {
    const named = await content.referencedKeys(key);
    broken.push(...(await missing(connection, { from: table, key }, named, { name: key.table })));
  }
  return broken;
}

/** The reference if some of its keys are missing; the existing rows are locked. */
async function missing(
  connection: MysqlConnection,
  { from, key }: { from: Table; key: ForeignKey },
  named: ReferencedKeys,
  to: { name: string; load?: number | undefined },
): Promise<BrokenReference[]> {
  const columns = key.columns.map((name) => columnNamed(from, name));
  const existing = await existingKeys(connection, { ...to, names: key.references, columns }, named.keys(), "shared");
  let count = 0;
  for (const [value, rows] of named) if (!existing.has(value)) count += rows;
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
