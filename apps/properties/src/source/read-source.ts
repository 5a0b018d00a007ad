import type { MysqlPool } from "@quintet/db";
import { select } from "../database.ts";
import type { Statements } from "../sql/statements.ts";
import { optionalColumns, type Source } from "./source.ts";
import { hasTriggers } from "./triggers.ts";

/** Reads what there is. */
export async function readSource(pool: MysqlPool, statements: Statements): Promise<Source> {
  const found = await select(pool, statements["listing-columns"], {});
  const names = new Set(found.map(({ name }) => name.toLowerCase()));
  return {
    columns: new Set(optionalColumns.filter((column) => names.has(column))),
    capture: (await hasTriggers(pool, statements)) ? "triggers" : "poll",
  };
}
