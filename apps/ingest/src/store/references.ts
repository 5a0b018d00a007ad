import type { MysqlConnection } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import type { Fault } from "../csv/fault.ts";
import type { RowBatch } from "../csv/row-batch.ts";
import { rowFaults } from "../csv/row-faults.ts";
import { referencesTo } from "../tables/definitions.ts";
import { identifier } from "../tables/quote.ts";
import type { ForeignKey, Table } from "../tables/table.ts";
import { stagedTarget } from "./row-target.ts";

const idsAtOnce = 5000;

/** The locks that are held on the found rows until the transaction ends. */
const locks = { none: "", shared: " LOCK IN SHARE MODE", exclusive: " FOR UPDATE" } as const;

/** The ids that exist in a table. A shared lock protects these rows from changes until the transaction ends. */
export async function existingIds(
  connection: MysqlConnection,
  from: { name: string; load?: number },
  ids: Iterable<number>,
  lock: keyof typeof locks,
): Promise<Set<number>> {
  const wanted = [...ids];
  const found = new Set<number>();
  const ofLoad = from.load === undefined ? "" : " AND load_id = ?";
  for (let at = 0; at < wanted.length; at += idsAtOnce) {
    const some = wanted.slice(at, at + idsAtOnce);
    const [rows] = await connection.query<RowDataPacket[]>({
      sql: `SELECT id FROM ${identifier(from.name)} WHERE id IN (?)${ofLoad}${locks[lock]}`,
      values: from.load === undefined ? [some] : [some, from.load],
      rowsAsArray: true,
    });
    for (const row of rows) found.add(row[0]);
  }
  return found;
}

/** How many rows refer to each id. */
export type ReferencedIds = ReadonlyMap<number, number>;

/** A foreign key of the table `from` with the number of rows that refer to a missing row. */
export interface BrokenReference {
  from: string;
  key: ForeignKey;
  count: number;
}

/** The ids in a referencing column of a table or of a load's staged rows. */
export async function readReferencedIds(
  connection: MysqlConnection,
  from: { name: string; load?: number },
  column: string,
): Promise<ReferencedIds> {
  const [groups] = await connection.query<RowDataPacket[]>({
    sql: `SELECT ${identifier(column)}, COUNT(*) FROM ${identifier(from.name)}
      ${from.load === undefined ? "" : "WHERE load_id = ?"} GROUP BY ${identifier(column)}`,
    values: from.load === undefined ? [] : [from.load],
    rowsAsArray: true,
  });
  return new Map(groups.map((group) => [Number(group[0]), Number(group[1])]));
}

/** The rows that a table has or would have. */
export interface TableContent {
  /** The table that has its ids; for staged rows, the load. */
  ids: { name: string; load?: number };
  /** The ids in a referencing column of its rows. */
  referencedIds(column: string): ReferencedIds | Promise<ReferencedIds>;
}

/** The staged rows of a load as the content that the table would have. */
export function stagedContent(connection: MysqlConnection, table: Table, load: number): TableContent {
  const ids = stagedTarget(table, load);
  return { ids, referencedIds: (column) => readReferencedIds(connection, ids, column) };
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
  const broken = await brokenOutgoing(connection, table, content);
  for (const { from, key } of await referencesTo(connection, table.name)) {
    const named = await readReferencedIds(connection, { name: from.name }, columnOf(key));
    broken.push(...(await missing(connection, { from: from.name, key }, named, content.ids)));
  }
  return broken;
}

/** Like `brokenReferences`, but only the references from these rows to other tables. */
export async function brokenOutgoing(
  connection: MysqlConnection,
  table: Table,
  content: TableContent,
): Promise<BrokenReference[]> {
  const broken: BrokenReference[] = [];
  for (const key of table.foreignKeys) {
    const named = await content.referencedIds(columnOf(key));
    broken.push(...(await missing(connection, { from: table.name, key }, named, { name: key.table })));
  }
  return broken;
}

/** The referring column of a key of one column. */
function columnOf({ columns }: ForeignKey): string {
  return columns[0] as string;
}

/** The reference if some of its ids are missing; the existing rows are locked. */
async function missing(
  connection: MysqlConnection,
  reference: { from: string; key: ForeignKey },
  named: ReferencedIds,
  to: { name: string; load?: number },
): Promise<BrokenReference[]> {
  const existing = await existingIds(connection, to, named.keys(), "shared");
  let count = 0;
  for (const [id, rows] of named) if (!existing.has(id)) count += rows;
  return count > 0 ? [{ ...reference, count }] : [];
}

/** Rows of a batch that are not stored: the index of the row in the batch, and why. */
export type SkippedRows = Map<number, { column: string; fault: Fault }>;

/**
 * The rows of a batch with a department or job that does not exist. The existing ones are locked, so that they cannot be deleted
 * before the rows are committed.
 */
export async function lockReferences(connection: MysqlConnection, batch: RowBatch): Promise<SkippedRows> {
  const skipped: SkippedRows = new Map();
  for (const { column, to, ids } of batch.references) {
    const named = ids.subarray(0, batch.rows);
    const distinct = new Set(named);
    const existing = await existingIds(connection, { name: to }, distinct, "shared");
    if (existing.size === distinct.size) continue;
    const fault = rowFaults.noSuchRow(to);
    for (let row = 0; row < batch.rows; row++) {
      if (!existing.has(named[row]!) && !skipped.has(row)) skipped.set(row, { column, fault });
    }
  }
  return skipped;
}
