import { z } from "@hono/zod-openapi";
import { Problem } from "@quintet/http";
import { findTable, type Table, tableNames } from "../tables.ts";

/** The table in a path. Which ones there are is a matter of existence (404), not of form. */
export const tableParam = z.strictObject({
  table: z.string().openapi({ param: { name: "table", in: "path" }, enum: [...tableNames] }),
});

/** The table of that name; 404 when there is none. */
export function tableInPath(name: string): Table {
  const table = findTable(name);
  if (!table) throw new Problem("not-found", `There is no such table; there are ${tableNames.join(", ")}.`);
  return table;
}

export const cursorParam = z.string().max(512).optional();
