import { z } from "@hono/zod-openapi";
import { Problem } from "@quintet/http";
import type { Deps } from "../deps.ts";
import type { LoadContext } from "../loads/load-context.ts";
import { findLoadById, type StoredLoad } from "../loads/load-queries.ts";
import type { Table } from "../tables/table.ts";

/** The table in a path. An unknown table is a 404, not a validation error. */
export const tableParam = z.strictObject({
  table: z.string().openapi({ param: { name: "table", in: "path" }, description: "Name of the table" }),
});

/** The table with that name; throws `not-found` when there is none. */
export async function tableInPath({ tables }: Pick<Deps, "tables">, name: string): Promise<Table> {
  const table = await tables.find(name);
  if (!table) throw new Problem("not-found", "Table not found.");
  return table;
}

export const loadParam = z.strictObject({
  id: z.string().openapi({ param: { name: "id", in: "path" }, description: "The id of the load" }),
});

/** The load with the id in a path; throws `not-found` when there is none. */
export async function findLoad({ db, heartbeatTimeoutMs }: LoadContext, id: string): Promise<StoredLoad> {
  const kept = /^[1-9]\d{0,14}$/.test(id) ? await findLoadById(db, Number(id), heartbeatTimeoutMs) : undefined;
  if (!kept) throw new Problem("not-found", "Load not found.");
  return kept;
}

export const cursorParam = z
  .string()
  .max(512)
  .optional()
  .describe("`nextCursor` of the previous page; the first page by default");

export const nextCursor = z.string().nullable().describe("`cursor` of the next page; null on the last page");
