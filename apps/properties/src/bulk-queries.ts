import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { type Database, select, write } from "./database.ts";
import { markBlocks } from "./term-queries.ts";

export async function anyProperty(db: Database, on: MysqlPool | MysqlConnection): Promise<boolean> {
  const [answer] = await select<{ found: number }>(on, db.statements["any-property"], {});
  return answer?.found === 1;
}

/** Lets one process at a time fill the database with examples, until its transaction ends. */
export async function lockDemo(db: Database, on: MysqlConnection): Promise<void> {
  await select(on, db.statements["lock-demo"], {});
}

/**
 * Makes every listing anew from the properties and their histories, after rows were loaded by other means. Their index
 * is made anew after that, in the background or by `indexAll`.
 */
export async function rebuildListings(db: Database, on: MysqlConnection): Promise<void> {
  await write(on, db.statements["rebuild-listings"], {});
  await markBlocks(db, on);
}
