import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { ResultSetHeader } from "mysql2/promise";
import type { Table } from "../tables.ts";
import { type BrokenReference, brokenReferences, stagedContent } from "./references.ts";
import { columnList, stagedTables, stagedTarget, tableTarget } from "./row-target.ts";

/**
 * Makes a table exactly the staged rows of a load, within the transaction of `connection`. Readers see all of it or nothing. Only
 * rows that differ are touched: to delete a row and store it again costs several times what it costs to leave it.
 */
export async function replaceByStaged(connection: MysqlConnection, table: Table, load: number): Promise<void> {
  const { name } = tableTarget(table);
  const staged = stagedTarget(table, load);
  const columns = columnList(staged.columns);
  const changes = staged.columns.map((column) => `\`${column}\` = VALUES(\`${column}\`)`).join(", ");
  await connection.query(
    `DELETE t FROM ${name} AS t LEFT JOIN ${staged.name} AS s ON s.load_id = ? AND s.id = t.id WHERE s.id IS NULL`,
    [load],
  );
  await connection.query(
    `INSERT INTO ${name} (${columns}) SELECT ${columns} FROM ${staged.name} WHERE load_id = ? ON DUPLICATE KEY UPDATE ${changes}`,
    [load],
  );
  await refuseReplacing(connection, table, load);
}

/** A 409 when references would break if a table were exactly the staged rows of a load. */
export async function refuseReplacing(connection: MysqlConnection, table: Table, load: number): Promise<void> {
  refuseBroken(await brokenReferences(connection, table, stagedContent(connection, table, load)));
}

/** A 409 that says how many references would break, when any would. */
export function refuseBroken(broken: readonly BrokenReference[]): void {
  if (broken.length === 0) return;
  const errors = broken.map(({ from, column, to, count }) => ({
    path: `${from}.${column}`,
    message: `${count} ${count === 1 ? "row" : "rows"} would refer to no row of ${to}`,
  }));
  const detail = errors.map((error) => `${error.path}: ${error.message}`).join("; ");
  throw new Problem("conflict", `Nothing was changed. ${detail}.`, { errors });
}

const rowsAtOnce = 20_000;

/** Forgets the staged rows of a load. */
export async function forgetStaged(db: MysqlPool, table: Table, load: number): Promise<void> {
  const { name } = stagedTarget(table, load);
  for (;;) {
    const [result] = await db.query<ResultSetHeader>(`DELETE FROM ${name} WHERE load_id = ? LIMIT ${rowsAtOnce}`, [
      load,
    ]);
    if (result.affectedRows < rowsAtOnce) return;
  }
}

/** Forgets the staged rows of loads that ended, or that nobody has gone on with for a day. */
export async function forgetAbandoned(db: MysqlPool): Promise<void> {
  for (const name of stagedTables) {
    await db.query(
      `DELETE FROM ${name} WHERE load_id IN (SELECT id FROM ingest_loads
        WHERE status IN ('done', 'failed') OR beat_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY) LIMIT ${rowsAtOnce}`,
    );
  }
}
