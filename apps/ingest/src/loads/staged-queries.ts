import { inMysqlTransaction, type MysqlConnection, type MysqlPool } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import { listTables } from "../tables/definitions.ts";
import { identifier } from "../tables/quote.ts";
import { loadOfColumn, stagedName } from "../tables/table.ts";
import type { LoadAttempt } from "./load.ts";

const chunkRows = 5000;

/** The owner of a load whose staged rows were abandoned: its next attempt starts at the first byte of the file. */
const noOwner = "forgotten";

const resetColumns = `owner = '${noOwner}', received = 0, inserted = 0, updated = 0, rejected = 0, staged = 0, byte_count = 0,
  line_count = 0, digest = NULL, state = '{"written":0}', field_order = NULL`;

/** Resets a load to its start, so that its staged rows no longer count. Whether the attempt still owned the load. */
export async function resetLoad(db: MysqlPool, id: number, owner: string): Promise<boolean> {
  const [result] = await db.query<ResultSetHeader>(
    `UPDATE ingest_loads SET ${resetColumns}, status = 'cut off', finished_at = UTC_TIMESTAMP(3)
      WHERE id = :id AND owner = :owner AND status = 'running'`,
    { id, owner },
  );
  return result.affectedRows === 1;
}

/**
 * Deletes the staged rows of loads that have ended, and of loads that were not resumed for a day. The latter are reset first, so that
 * a load never counts rows that are missing.
 */
export async function deleteUnneededStaged(db: MysqlPool): Promise<void> {
  const faults: unknown[] = [];
  for (const { name } of await listTables(db)) {
    const table = stagedName(name);
    const [loads] = await db.query<RowDataPacket[]>(`SELECT DISTINCT ${loadOfColumn} AS id FROM ${identifier(table)}`);
    // An error with one load must not keep the rows of the others.
    for (const { id } of loads)
      await deleteUnneededStagedOf(db, table, Number(id)).catch((error: unknown) => faults.push(error));
  }
  if (faults.length > 0) throw faults[0];
}

async function deleteUnneededStagedOf(db: MysqlPool, table: string, id: number): Promise<void> {
  await db.query(
    `UPDATE ingest_loads SET ${resetColumns}, status = 'cut off'
      WHERE id = :id AND status IN ('running', 'cut off') AND owner <> '${noOwner}'
        AND beat_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY`,
    { id },
  );
  await deleteChunks(db, (connection) => deleteUnneeded(connection, table, id));
}

/** Deletes the rejects and staged rows of earlier attempts, for an attempt that starts at the first byte. */
export async function deleteEarlierRows(
  db: MysqlPool,
  { id, owner, table: of }: Pick<LoadAttempt, "id" | "owner" | "table">,
): Promise<void> {
  const own = "SELECT 1 FROM ingest_loads WHERE id = :id AND owner = :owner FOR UPDATE";
  const tables = [
    { table: "ingest_rejects", column: "load_id" },
    { table: stagedName(of.name), column: loadOfColumn },
  ];
  for (const { table, column } of tables) {
    await deleteChunks(db, async (connection) => {
      const [loads] = await connection.query<RowDataPacket[]>(own, { id, owner });
      return loads.length === 0 ? 0 : deleteRows(connection, { table, column }, id);
    });
  }
}

/** Repeats a deletion, each time in its own transaction, until it deletes less than a full chunk. */
async function deleteChunks(db: MysqlPool, work: (connection: MysqlConnection) => Promise<number>): Promise<void> {
  while ((await inMysqlTransaction(db, work)) === chunkRows);
}

/**
 * Deletes a chunk of staged rows of a load that cannot be resumed. Locks the row of the load first, as every batch does, so that no
 * attempt resumes it in the meantime.
 */
async function deleteUnneeded(connection: MysqlConnection, table: string, id: number): Promise<number> {
  const [[load]] = await connection.query<RowDataPacket[]>(
    "SELECT owner, status, request_key FROM ingest_loads WHERE id = :id FOR UPDATE",
    { id },
  );
  const canGoOn = load?.status === "running" || (load?.status === "cut off" && load.request_key !== null);
  return canGoOn && load?.owner !== noOwner ? 0 : deleteRows(connection, { table, column: loadOfColumn }, id);
}

/** Deletes a chunk of the rows of a load. `column`: the one with the load. */
async function deleteRows(
  connection: MysqlConnection,
  { table, column }: { table: string; column: string },
  id: number,
): Promise<number> {
  const [result] = await connection.query<ResultSetHeader>(
    `DELETE FROM ${identifier(table)} WHERE ${column} = :id LIMIT ${chunkRows}`,
    { id },
  );
  return result.affectedRows;
}
