import type { MysqlConnection } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { identifier, identifiers } from "../tables/quote.ts";
import type { Table } from "../tables/table.ts";
import { duplicateEntry, mysqlErrorNumber } from "./bulk-store.ts";
import { brokenOutgoing, stagedContent } from "./references.ts";
import { stagedTarget, tableTarget } from "./row-target.ts";
import type { StoreOptions } from "./store-batch.ts";
import { checkReplacement, rejectBroken, replaceByStaged } from "./whole-table.ts";

/** How many rows a load has staged. */
export async function stagedCount(connection: MysqlConnection, table: Table, load: number): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS count FROM ${identifier(stagedTarget(table, load).name)} WHERE load_id = ?`,
    [load],
  );
  return Number(rows[0]?.count);
}

/**
 * Moves the staged rows of a load into the table, in the transaction of `connection`; a dry run only checks whether that is possible.
 * Throws a 409 when references would break, or when an id has been stored by another request in the meantime.
 */
export async function storeStaged(connection: MysqlConnection, table: Table, storing: StoreOptions): Promise<void> {
  const { mode, dryRun, load } = storing;
  if (mode === "replace") {
    return dryRun ? checkReplacement(connection, table, load) : replaceByStaged(connection, table, load);
  }
  if (dryRun) return;
  const { name } = tableTarget(table);
  const staged = stagedTarget(table, load);
  const columns = identifiers(staged.columns);
  const changes = staged.columns
    .map(identifier)
    .map((column) => `${column} = VALUES(${column})`)
    .join(", ");
  try {
    await connection.query(
      `INSERT INTO ${identifier(name)} (${columns}) SELECT ${columns} FROM ${identifier(staged.name)} WHERE load_id = ?
        ${mode === "upsert" ? `ON DUPLICATE KEY UPDATE ${changes}` : ""}`,
      [load],
    );
  } catch (error) {
    if (mysqlErrorNumber(error) !== duplicateEntry) throw error;
    throw new Problem(
      "conflict",
      "Nothing was stored: other requests have stored rows with ids of this file in the meantime.",
      {
        cause: error,
      },
    );
  }
  rejectBroken(await brokenOutgoing(connection, table, stagedContent(connection, table, load)));
}
