import { csvField, withoutFormula } from "@quintet/http";
import type { Dialect } from "../csv/dialect.ts";
import type { StoredRow } from "../store/table-queries.ts";
import type { Column, Table } from "../tables/table.ts";
import { rowJson, valueText } from "./row-values.ts";

/** Rows as text, some at a time. */
export type RowLines = (rows: readonly StoredRow[]) => string;

/** Rows as NDJSON: an object in each line. */
export function jsonLines(table: Table): RowLines {
  return (rows) => rows.map((row) => `${JSON.stringify(rowJson(table, row))}\n`).join("");
}

/**
 * Rows as CSV (RFC 4180) below `csvHeader`, which can be loaded again; the delimiter, the decimal sign and the words of booleans are those
 * of the table's dialect. `keepsFormulas`: see `withoutFormula`.
 */
export function csvLines(table: Table, keepsFormulas: boolean): RowLines {
  const { columns, missingValues } = table;
  const { delimiter, decimal = ".", trueValues, falseValues }: Partial<Dialect> = table.dialect;
  const none = missingValues.includes("") ? "" : (missingValues[0] ?? "");
  const words = new Map([
    ["true", trueValues?.[0] ?? "true"],
    ["false", falseValues?.[0] ?? "false"],
  ]);
  const written = (column: Column, value: string | number) => {
    const text = valueText(column, value);
    if (column.type === "number") return text.replace(".", decimal);
    if (column.type === "boolean") return words.get(text) ?? text;
    return keepsFormulas || !mayBeFormula.has(column.type) ? text : withoutFormula(text);
  };
  const line = (row: StoredRow) =>
    columns.map((column, at) => csvField(row[at] === null ? none : written(column, row[at]!), delimiter));
  return (rows) => rows.map((row) => `${line(row).join(delimiter ?? ",")}\r\n`).join("");
}

/** The header of `csvLines`. */
export function csvHeader({ columns, dialect }: Table, keepsFormulas: boolean): string {
  const { delimiter }: Partial<Dialect> = dialect;
  const names = columns.map(({ name }) => csvField(keepsFormulas ? name : withoutFormula(name), delimiter));
  return `${names.join(delimiter ?? ",")}\r\n`;
}

const mayBeFormula = new Set<Column["type"]>(["string", "json"]);
