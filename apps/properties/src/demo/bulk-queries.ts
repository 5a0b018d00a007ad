import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { type Database, select, write } from "../database.ts";
import { markBlocks } from "../term-index/term-queries.ts";

/** Whether there is any property. */
export async function anyProperty(db: Database, on: MysqlPool | MysqlConnection): Promise<boolean> {
  const [row] = await select<{ found: number }>(on, db.statements["any-property"], {});
  return row?.found === 1;
}

/** Lets only one process at a time create demo data, until its transaction ends. */
export async function lockDemo(db: Database, on: MysqlConnection): Promise<void> {
  await select(on, db.statements["lock-demo"], {});
}

/**
 * Rebuilds every listing from the properties and their histories, after rows were loaded by other means. The term index is rebuilt
 * afterwards, in the background or by `indexAll`.
 */
export async function rebuildListings(db: Database, on: MysqlConnection): Promise<void> {
  await write(on, db.statements["rebuild-listings"], {});
  await markBlocks(db, on);
}
