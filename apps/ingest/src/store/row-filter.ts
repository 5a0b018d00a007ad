import { identifier } from "../tables/quote.ts";
import type { Column } from "../tables/table.ts";
import { typedText } from "./key-lookup.ts";

/** How the values of a column are compared; `*=`: the value contains the text. */
export const filterOperators = ["!=", "<=", ">=", "*=", "=", "<", ">"] as const;
export type FilterOperator = (typeof filterOperators)[number];

/** A rule that rows pass. `value`: as the column stores it; null with `=` and `!=`: no value. */
export interface RowFilter {
  column: Column;
  operator: FilterOperator;
  value: string | null;
}

/** A filter as a condition in SQL. Texts are compared byte by byte. */
export function filterCondition({ column, operator, value }: RowFilter): { sql: string; values: string[] } {
  const name = identifier(column.name);
  if (value === null) return { sql: `${name} IS ${operator === "=" ? "" : "NOT "}NULL`, values: [] };
  const typed = typedText(column, "?");
  switch (operator) {
    case "!=":
      return { sql: `NOT (${name} <=> ${typed})`, values: [value] };
    case "*=":
      return { sql: `LOCATE(${typed}, ${name}) > 0`, values: [value] };
    default:
      return { sql: `${name} ${operator} ${typed}`, values: [value] };
  }
}
