import type { MysqlConnection } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { lockDefinition, referencesTo } from "../tables/definitions.ts";
import { identifier } from "../tables/quote.ts";
import type { ForeignKey, Table } from "../tables/table.ts";
import { type BulkStore, inBulkTransaction } from "./bulk-store.ts";
import type { BrokenReference } from "./references.ts";
import { deleteRows } from "./table-queries.ts";

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
export async function emptyTable(store: BulkStore, table: Table): Promise<void> {
  await inBulkTransaction(store, async (connection) => {
    await lockDefinition(connection, table);
    // The deleted rows are locked: a row that refers to one of them is there by now, or cannot be stored any more.
    await deleteRows(connection, table);
    const broken: BrokenReference[] = [];
    for (const { from, key } of await referencesTo(connection, table.name)) {
      const count = from.name === table.name ? 0 : await countReferring(connection, from, key);
      if (count > 0) broken.push({ from: from.name, key, count });
    }
    rejectBroken(broken);
  });
}

/** How many rows of a table have a foreign key that is not NULL. */
async function countReferring(connection: MysqlConnection, from: Table, { columns }: ForeignKey): Promise<number> {
  const conditions = columns.map((column) => `${identifier(column)} IS NOT NULL`).join(" AND ");
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS count FROM ${identifier(from.name)} WHERE ${conditions}`,
  );
  return Number(rows[0]?.count);
}
