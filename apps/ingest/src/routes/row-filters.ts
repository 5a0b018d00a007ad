import { z } from "@hono/zod-openapi";
import { Problem } from "@quintet/http";
import { rowFields } from "../csv/load-data-format.ts";
import { fieldCodec } from "../fields/codec.ts";
import { maxGrowth } from "../fields/field-writer.ts";
import { filterOperators, type RowFilter } from "../store/row-filter.ts";
import type { Column, Table } from "../tables/table.ts";

const maxFilters = 20;

/** The query parameter by which rows are filtered. */
export const filterParam = z
  .union([z.string().max(2000), z.array(z.string().max(2000)).max(maxFilters)])
  .optional()
  .describe(
    "Only rows that pass: a column, one of `=` `!=` `<` `<=` `>` `>=` `*=` (contains), and a value as in a file, such as `price>=10`; " +
      "`price=` finds rows without a value. May be repeated: rows pass all of them",
  )
  .openapi({ type: "array", items: { type: "string" } });

/** The filters of a request. Throws a 400 that says what is wrong with one. */
export function rowFilters(table: Table, given: z.infer<typeof filterParam>): RowFilter[] {
  const texts = given === undefined ? [] : [given].flat();
  return texts.map((text) => rowFilter(table, text));
}

function rowFilter(table: Table, text: string): RowFilter {
  // Names of columns may have the characters of operators: the longest name that fits is meant.
  const [column] = table.columns
    .filter(({ name }) => text.startsWith(name) && operatorAt(text, name.length) !== undefined)
    .sort((a, b) => b.name.length - a.name.length);
  if (!column) {
    throw refusal(`must be a column of ${table.name}, one of ${filterOperators.join(" ")}, and a value`);
  }
  const operator = operatorAt(text, column.name.length)!;
  const value = text.slice(column.name.length + operator.length);
  if (value === "") {
    const isValue = column.type === "string" && !table.missingValues.includes("");
    if (operator === "=" || operator === "!=") return { column, operator, value: isValue ? "" : null };
    throw refusal(`has no value after ${operator}`);
  }
  if (operator !== "*=") return { column, operator, value: storedText(column, value) };
  if (column.type !== "string" && column.type !== "json") throw refusal(`${column.name} is no text: *= is for texts`);
  return { column, operator, value };
}

const operatorAt = (text: string, at: number) => filterOperators.find((operator) => text.startsWith(operator, at));

/** A value of a file as the column stores it, whether or not the column's rules allow it. */
function storedText(column: Column, text: string): string {
  const { name, type, zoned, precision, scale } = column;
  const digits = type === "number" ? { ...(precision && { precision }), ...(scale !== undefined && { scale }) } : {};
  const codec = fieldCodec(
    { name, type, zoned, required: false, unique: false, ...digits },
    { missing: [], decimal: ".", thousands: "", round: false, trim: false },
  );
  const bytes = Buffer.from(text);
  const to = Buffer.alloc(bytes.length * 2 + maxGrowth);
  const end = codec.write(bytes, 0, bytes.length, to, 0);
  if (end < 0) throw refusal(`${name}: ${codec.faultOf(end).reason}`);
  return rowFields(to.toString("utf8", 0, end))[0] ?? "";
}

function refusal(message: string): Problem {
  return new Problem("bad-request", `filter: ${message}.`, { errors: [{ path: "filter", message }] });
}
