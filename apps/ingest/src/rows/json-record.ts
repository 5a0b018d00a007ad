import type { Fault } from "../csv/fault.ts";
import type { FieldOrder } from "../csv/header.ts";
import type { RecordBytes } from "../csv/record.ts";
import { rowFaults } from "../csv/row-faults.ts";
import type { Column, Table } from "../tables/table.ts";
import { numberText } from "./exact-json.ts";

export interface RowFault {
  column: string | null;
  reason: string;
}

/** The field of a null. No text can have a NUL, so it is no other value. */
export const nullField = "\0";

/**
 * A row of a JSON body, an array in the order of the columns or an object by column name, as the record it would be in a file with the
 * order of its fields, -1 for a column that an object lacks; or why it is invalid. Numbers may be given as text.
 */
export function jsonRecord(
  table: Table,
  row: unknown,
  number: number,
): { record: RecordBytes; order: FieldOrder } | RowFault {
  const values = Array.isArray(row) ? row : valuesByName(table, row);
  if (!Array.isArray(values)) return values;
  const { columns } = table;
  if (values.length !== columns.length) {
    return { column: null, reason: rowFaults.columnCount(values.length, columns.length).reason };
  }
  const fields: Buffer[] = [];
  for (const [index, column] of columns.entries()) {
    const text = valueText(column, values[index]);
    if (typeof text !== "string") return { column: column.name, reason: text.reason };
    fields.push(Buffer.from(text));
  }
  return { record: recordOf(fields, number), order: values.map((value, at) => (value === undefined ? -1 : at)) };
}

function valuesByName(table: Table, row: unknown): unknown[] | RowFault {
  if (typeof row !== "object" || row === null) return { column: null, reason: "must be an array or an object" };
  const unknown = Object.keys(row).find((name) => !table.columns.some((column) => column.name === name));
  if (unknown !== undefined) return { column: unknown.slice(0, 64), reason: `is no column of ${table.name}` };
  const byName = new Map(Object.entries(row));
  return table.columns.map((column) => byName.get(column.name));
}

/** The text of a value in JSON as a field of a column; why it is invalid instead. */
export function valueText({ type }: Column, value: unknown): string | Fault {
  if (value === null || value === undefined) return nullField;
  if (type === "json") return JSON.stringify(value);
  const number = numberText(value);
  if (number !== undefined && (type === "integer" || type === "number")) return number;
  if (typeof value === "boolean" && type === "boolean") return String(value);
  if (typeof value !== "string") return { code: "type", reason: `must be ${jsonTypes[type] ?? "text"}` };
  if (!value.isWellFormed() || value === nullField) return { code: "encoding", reason: "is not valid Unicode" };
  return value;
}

const jsonTypes: Partial<Record<Column["type"], string>> = {
  integer: "a number",
  number: "a number",
  boolean: "true or false",
};

function recordOf(fields: Buffer[], number: number): RecordBytes {
  const window = Buffer.concat(fields);
  const starts = new Int32Array(fields.length);
  const ends = new Int32Array(fields.length);
  let at = 0;
  for (const [index, field] of fields.entries()) {
    starts[index] = at;
    at += field.length;
    ends[index] = at;
  }
  return {
    window,
    fieldCount: fields.length,
    starts,
    ends,
    escaped: new Uint8Array(fields.length),
    quoted: new Uint8Array(fields.length),
    recordStart: 0,
    recordEnd: at,
    recordLine: number,
    unescape: (start, end) => window.subarray(start, end),
  };
}
