import { inMysqlTransaction, type MysqlConnection, type MysqlPool } from "@quintet/db";
import { Problem } from "@quintet/http";
import { referencesTo } from "../tables/definitions.ts";
import { identifier, identifiers } from "../tables/quote.ts";
import type { Table } from "../tables/table.ts";
import { mysqlErrorNumber } from "./bulk-store.ts";
import { type BrokenReference, brokenReferences, stagedContent } from "./references.ts";
import { stagedTarget, tableTarget } from "./row-target.ts";
import { countRows, deleteRows } from "./table-queries.ts";

/** MySQL's error number for a row that other rows refer to. */
const rowIsReferenced = 1451;

/**
 * Replaces the content of a table by the staged rows of a load, in the transaction of `connection`. Readers see all of it or nothing.
 * Changes only rows that differ: deleting a row and storing it again costs several times as much as leaving it.
 */
export async function replaceByStaged(connection: MysqlConnection, table: Table, load: number): Promise<void> {
  const { name } = tableTarget(table);
  const staged = stagedTarget(table, load);
  const columns = identifiers(staged.columns);
  const changes = staged.columns
    .map(identifier)
    .map((column) => `${column} = VALUES(${column})`)
    .join(", ");
  await connection.query(
    `DELETE t FROM ${identifier(name)} AS t LEFT JOIN ${identifier(staged.name)} AS s ON s.load_id = ? AND s.id = t.id WHERE s.id IS NULL`,
    [load],
  );
  await connection.query(
    `INSERT INTO ${identifier(name)} (${columns}) SELECT ${columns} FROM ${identifier(staged.name)} WHERE load_id = ? ON DUPLICATE KEY UPDATE ${changes}`,
    [load],
  );
  await checkReplacement(connection, table, load);
}

/** Throws a 409 when references would break if the staged rows of a load were the content of the table. */
export async function checkReplacement(connection: MysqlConnection, table: Table, load: number): Promise<void> {
  rejectBroken(await brokenReferences(connection, table, stagedContent(connection, table, load)));
}

/** Throws a 409 with the number of broken references, if there are any. */
export function rejectBroken(broken: readonly BrokenReference[]): void {
  if (broken.length === 0) return;
  const errors = broken.map(({ from, key, count }) => ({
    path: `${from}.${key.columns.join(",")}`,
    message: `${count} ${count === 1 ? "row" : "rows"} would refer to no row of ${key.table}`,
  }));
  const detail = errors.map((error) => `${error.path}: ${error.message}`).join("; ");
  throw new Problem("conflict", `Nothing was changed. ${detail}.`, { errors });
}

/** Deletes all rows of a table; throws a 409 when rows of another table refer to it, and deletes nothing then. */
export async function emptyTable(db: MysqlPool, table: Table): Promise<void> {
  await inMysqlTransaction(db, async (connection) => {
    try {
      await deleteRows(connection, table);
    } catch (error) {
      if (mysqlErrorNumber(error) !== rowIsReferenced) throw error;
      const broken: BrokenReference[] = [];
      for (const { from, key } of await referencesTo(connection, table.name)) {
        broken.push({ from: from.name, key, count: await countRows(connection, from) });
      }
      rejectBroken(broken);
      throw error;
    }
  });
}
