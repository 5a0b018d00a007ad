import type { Table } from "../tables.ts";
import { fieldBytes, type RecordBytes } from "./record.ts";

/** Whether the first record names the columns: `auto` finds out by the names. */
export type HeaderMode = "auto" | "true" | "false";

/** For each column of the table, the field of a record that holds it. */
export type FieldOrder = readonly number[];

/** The fields in the order of the table's columns. */
export function tableOrder(table: Table): FieldOrder {
  return table.columns.map((_, index) => index);
}

/**
 * The order of fields that a header gives: the table's column names, each once, in any order and without regard to case.
 * `undefined` when the record is no such header.
 */
export function headerOrder(table: Table, record: RecordBytes): FieldOrder | undefined {
  if (record.fieldCount !== table.columns.length) return undefined;
  const names = table.columns.map((_, index) => fieldBytes(record, index).toString().trim().toLowerCase());
  const order = table.columns.map((column) => names.indexOf(column.name));
  return order.includes(-1) ? undefined : order;
}
