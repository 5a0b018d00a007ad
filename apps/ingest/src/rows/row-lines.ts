import { csvField } from "../csv/csv-field.ts";
import type { StoredRow } from "../store/table-queries.ts";
import type { Column, Table } from "../tables/table.ts";
import { rowJson, valueText } from "./row-values.ts";

/** Rows as text, some at a time. */
export type RowLines = (rows: readonly StoredRow[]) => string;

/** Rows as NDJSON: an object in each line. */
export function jsonLines(table: Table): RowLines {
  return (rows) => rows.map((row) => `${JSON.stringify(rowJson(table, row))}\n`).join("");
}

/** Rows as CSV (RFC 4180) below `csvHeader`, which can be loaded again. `keepsFormulas`: see `harmless`. */
export function csvLines(table: Table, keepsFormulas: boolean): RowLines {
  const { columns, missingValues } = table;
  const none = missingValues.includes("") ? "" : (missingValues[0] ?? "");
  const field = (column: Column, value: string | number | null) => {
    if (value === null) return csvField(none);
    const text = valueText(column, value);
    return csvField(keepsFormulas || !mayBeFormula.has(column.type) ? text : harmless(text));
  };
  return (rows) => rows.map((row) => `${columns.map((column, at) => field(column, row[at]!)).join(",")}\r\n`).join("");
}

/** The header of `csvLines`. */
export function csvHeader({ columns }: Table, keepsFormulas: boolean): string {
  const names = columns.map(({ name }) => csvField(keepsFormulas ? name : harmless(name)));
  return `${names.join(",")}\r\n`;
}

const mayBeFormula = new Set<Column["type"]>(["string", "json"]);

/** A text that spreadsheets do not run as a formula: an apostrophe precedes what begins like one (OWASP, "CSV Injection"). */
function harmless(text: string): string {
  return /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
}
