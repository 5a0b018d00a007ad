import type { RecordBytes } from "../csv/record.ts";
import { rowFaults } from "../csv/row-faults.ts";
import type { Column, Table } from "../tables/table.ts";

export interface RowFault {
  column: string | null;
  reason: string;
}

/**
 * A row of a JSON body, an array in the order of the columns or an object by column name, as the record it would be in a file; or
 * why it is invalid. Numbers may be given as text.
 */
export function jsonRecord(table: Table, row: unknown, number: number): RecordBytes | RowFault {
  const values = Array.isArray(row) ? row : valuesByName(table, row);
  if (!Array.isArray(values)) return values;
  const { columns } = table;
  if (values.length !== columns.length) {
    return { column: null, reason: rowFaults.columnCount(values.length, columns.length).reason };
  }
  const fields: Buffer[] = [];
  for (const [index, column] of columns.entries()) {
    const text = valueText(column, values[index]);
    if (typeof text !== "string") return text;
    fields.push(Buffer.from(text));
  }
  return recordOf(fields, number);
}

function valuesByName(table: Table, row: unknown): unknown[] | RowFault {
  if (typeof row !== "object" || row === null) return { column: null, reason: "must be an array or an object" };
  const unknown = Object.keys(row).find((name) => !table.columns.some((column) => column.name === name));
  if (unknown !== undefined) return { column: unknown.slice(0, 64), reason: `is no column of ${table.name}` };
  const byName = new Map(Object.entries(row));
  return table.columns.map((column) => byName.get(column.name));
}

function valueText(column: Column, value: unknown): string | RowFault {
  if (value === null || value === undefined) return "";
  const isText = column.type === "string" || column.type === "datetime";
  if (typeof value === "number" && !isText) return String(value);
  if (typeof value !== "string") return { column: column.name, reason: isText ? "must be text" : "must be a number" };
  if (!value.isWellFormed()) return { column: column.name, reason: "is not valid Unicode" };
  return value;
}

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
