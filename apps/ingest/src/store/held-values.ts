import type { MysqlConnection } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import type { RowBatch } from "../csv/row-batch.ts";
import type { KeyValue } from "../csv/row-keys.ts";
import type { Table } from "../tables/table.ts";
import { existingKeys, type KeyColumns, keyChunks, keyColumns } from "./key-lookup.ts";
import { plainColumns, plainKeyReader, plainReader } from "./plain-row.ts";
import type { RowTarget } from "./row-target.ts";

/** The values of a unique column that rows have already, each with the primary key of its row. */
export type Holders = ReadonlyMap<KeyValue, KeyValue>;

/**
 * For each unique column of a batch, which of its values rows of `target` hold, and rows of `into` that no staged row replaces. The rows
 * of the batch may still replace these.
 */
export async function heldValues(
  connection: MysqlConnection,
  batch: RowBatch,
  { target, into }: { target: RowTarget; into: RowTarget | undefined },
): Promise<Holders[]> {
  const [primary, ...unique] = batch.keys;
  const found: Holders[] = [];
  for (const keys of unique) {
    const held = new Map<KeyValue, KeyValue>();
    if (into) {
      const holders = await holdersOf(connection, batch.table, keyColumns(into, keys), keys.values);
      const staged = await existingKeys(connection, keyColumns(target, primary!), holders.values(), "none");
      for (const [value, holder] of holders) if (!staged.has(holder)) held.set(value, holder);
    }
    for (const [value, holder] of await holdersOf(connection, batch.table, keyColumns(target, keys), keys.values)) {
      held.set(value, holder);
    }
    found.push(held);
  }
  return found;
}

async function holdersOf(
  connection: MysqlConnection,
  table: Table,
  of: KeyColumns,
  values: readonly KeyValue[],
): Promise<Map<KeyValue, KeyValue>> {
  const columns = plainColumns(table, table.primaryKey);
  const toPlain = plainReader(table);
  const keyOf = plainKeyReader(table, table.primaryKey);
  const holders = new Map<KeyValue, KeyValue>();
  for (const { some, from, values: bound } of keyChunks(of, values)) {
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT k.n, ${columns} FROM ${from}`, bound);
    for (const row of rows) holders.set(some[Number(row.n) - 1]!, keyOf(toPlain(row)));
  }
  return holders;
}
