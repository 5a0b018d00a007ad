import type { Column, Table } from "./table.ts";

/** What the columns of the three demo tables are: an own id, the id of a row of another table, a text, a moment. */
export type ColumnKind = "id" | "reference" | "text" | "datetime";

/** The kind of a column. */
export function kindOf(table: Table, column: Column): ColumnKind {
  if (table.primaryKey.includes(column.name)) return "id";
  if (table.foreignKeys.some(({ columns }) => columns.includes(column.name))) return "reference";
  return column.type === "datetime" ? "datetime" : "text";
}
