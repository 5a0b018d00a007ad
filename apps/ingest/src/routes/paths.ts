import { z } from "@hono/zod-openapi";
import { Problem } from "@quintet/http";
import { findTable, type Table, tableNames } from "../tables.ts";

/** The table in a path. An unknown table is a 404, not a validation error. */
export const tableParam = z.strictObject({
  table: z
    .string()
    .openapi({ param: { name: "table", in: "path" }, enum: [...tableNames], description: "Name of the table" }),
});

/** The table with that name; throws `not-found` when there is none. */
export function tableInPath(name: string): Table {
  const table = findTable(name);
  if (!table) throw new Problem("not-found", `Table not found; the tables are ${tableNames.join(", ")}.`);
  return table;
}

export const cursorParam = z
  .string()
  .max(512)
  .optional()
  .describe("`nextCursor` of the previous page; the first page by default");

export const nextCursor = z.string().nullable().describe("`cursor` of the next page; null on the last page");
