import type { StoredRow } from "../store/table-queries.ts";
import type { Column, Table } from "../tables/table.ts";
import { parseExact } from "./exact-json.ts";

/** A row as in responses, by column name. */
export type TableRow = Record<string, unknown>;

/** A row for JSON. Numbers with more digits than a JavaScript number keeps are texts, with all of their digits. */
export function rowJson(table: Table, row: StoredRow): TableRow {
  return Object.fromEntries(table.columns.map((column, at) => [column.name, jsonValue(column, row[at]!)]));
}

function jsonValue(column: Column, value: string | number | null): unknown {
  if (value === null) return null;
  switch (column.type) {
    case "integer":
    case "number":
      return jsonNumber(valueText(column, value));
    case "boolean":
      return value === 1;
    case "json":
      return parseExact(String(value));
    default:
      return valueText(column, value);
  }
}

function jsonNumber(digits: string): number | string {
  const number = Number(digits);
  return String(number) === digits ? number : digits;
}

/** A value as text, as a file may have it: dates and times in ISO 8601, moments in UTC. */
export function valueText({ type, zoned }: Column, value: string | number): string {
  const text = String(value);
  switch (type) {
    case "number":
      return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
    case "boolean":
      return value === 1 ? "true" : "false";
    case "time":
      return shortTime(text);
    case "datetime":
      return `${shortTime(text).replace(" ", "T")}${zoned ? "Z" : ""}`;
    default:
      return text;
  }
}

/** A time with as many digits of the second's fraction as it needs: none, three or six. */
const shortTime = (text: string) => text.replace(/\.000(?:000)?$/, "").replace(/(\.\d{3})000$/, "$1");
