import { Problem } from "@quintet/http";
import type { Column, Table } from "./table.ts";

/** What the columns of the three demo tables are: an own id, the id of a row of another table, a text, a moment. */
export type ColumnKind = "id" | "reference" | "text" | "datetime";

/** The kind of a column. Throws a 422 for a column of any other. */
export function kindOf(table: Table, column: Column): ColumnKind {
  const isKnown =
    column.type === "integer" ? column.maximum === "2147483647" : column.type !== "datetime" || column.precision === 3;
  const isText = ["integer", "string", "datetime"].includes(column.type);
  if (!isKnown || !isText || !column.required || table.primaryKey.join() !== "id") {
    throw new Problem("unprocessable", `${table.name} has columns that cannot be backed up yet.`);
  }
  if (table.primaryKey.includes(column.name)) return "id";
  if (table.foreignKeys.some(({ columns }) => columns.includes(column.name))) return "reference";
  return column.type === "datetime" ? "datetime" : "text";
}
