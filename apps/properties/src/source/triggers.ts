import type { MysqlPool } from "@quintet/db";
import { select } from "../database.ts";
import type { StatementName, Statements } from "../sql/statements.ts";

const triggers = {
  quintet_listing_property_insert: "trigger-property-insert",
  quintet_listing_property_update: "trigger-property-update",
  quintet_listing_property_delete: "trigger-property-delete",
  quintet_listing_history_insert: "trigger-history-insert",
  quintet_listing_history_update: "trigger-history-update",
  quintet_listing_history_delete: "trigger-history-delete",
} as const satisfies Record<string, StatementName>;

const names = Object.keys(triggers) as (keyof typeof triggers)[];

/** How long the creation of a trigger waits for transactions that use its table, in s: meanwhile others wait behind it. */
const waitSeconds = 2;

async function findTriggers(pool: MysqlPool, statements: Statements): Promise<Set<string>> {
  const found = await select(pool, statements["find-triggers"], {});
  return new Set(found.map(({ name }) => name));
}

/** Whether all triggers are there that note which listings have to be made again. */
export async function hasTriggers(pool: MysqlPool, statements: Statements): Promise<boolean> {
  return new Set(names).isSubsetOf(await findTriggers(pool, statements));
}

/**
 * Creates the triggers that are missing. Returns why the server refused, if it did: then the ones that were created are removed again, and
 * changes are found without them.
 */
export async function createTriggers(pool: MysqlPool, statements: Statements): Promise<string | undefined> {
  const there = await findTriggers(pool, statements);
  const connection = await pool.getConnection();
  try {
    await connection.query(`SET SESSION lock_wait_timeout = ${waitSeconds}`);
    for (const name of names) if (!there.has(name)) await connection.query(statements[triggers[name]]);
    return undefined;
  } catch (error) {
    await dropTriggers(pool, statements);
    return error instanceof Error ? error.message : String(error);
  } finally {
    await connection.query("SET SESSION lock_wait_timeout = DEFAULT").catch(() => {});
    connection.release();
  }
}

/** Removes the triggers. */
export async function dropTriggers(pool: MysqlPool, statements: Statements): Promise<void> {
  for (const name of (await findTriggers(pool, statements)).intersection(new Set<string>(names))) {
    await pool.query(`DROP TRIGGER IF EXISTS ${name}`);
  }
}
