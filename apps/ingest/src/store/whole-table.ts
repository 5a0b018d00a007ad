import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { ResultSetHeader } from "mysql2/promise";
import type { Table } from "../tables.ts";
import { type BrokenReference, brokenReferences } from "./references.ts";
import { columnList, stagedTables, stagedTarget, tableTarget } from "./row-target.ts";
import { deleteRows } from "./table-queries.ts";

/** Makes a table exactly the staged rows of a load, within the transaction of `connection`. Readers see all of it or nothing. */
export async function replaceByStaged(connection: MysqlConnection, table: Table, load: number): Promise<void> {
  const staged = stagedTarget(table, load);
  const columns = columnList(staged.columns);
  await deleteRows(connection, table);
  await connection.query(
    `INSERT INTO ${tableTarget(table).name} (${columns}) SELECT ${columns} FROM ${staged.name} WHERE load_id = ?`,
    [load],
  );
  refuseBroken(await brokenReferences(connection, table));
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
