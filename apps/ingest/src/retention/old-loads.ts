import { inMysqlTransaction, type MysqlPool } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import { listTables } from "../tables/definitions.ts";
import { identifier } from "../tables/quote.ts";
import { beforeName, loadOfColumn, stagedName } from "../tables/table.ts";

const rowsAtOnce = 5000;
const loadsAtOnce = 100;

/** Called with the number of rows deleted from a table after each chunk; `true` stops the deletion. */
export type OnRemoved = (table: string, rows: number) => Promise<boolean>;

/** Whether a load had a heartbeat in the last `days`. */
const stillNeeded = `(beat_at >= UTC_TIMESTAMP(3) - INTERVAL :days DAY)`;

/** Deletes the rejected rows of loads that ended more than `days` ago; loads that can be resumed keep theirs. */
export async function removeOldRejects(db: MysqlPool, days: number, onRemoved: OnRemoved): Promise<void> {
  for (let after = 0; ; ) {
    const [[next]] = await db.query<RowDataPacket[]>(
      "SELECT MIN(load_id) AS id FROM ingest_rejects WHERE load_id > :after",
      { after },
    );
    if (next?.id == null) return;
    after = Number(next.id);
    // Ids of loads ascend with their start: after the first young load there are no old ones.
    const [[load]] = await db.query<RowDataPacket[]>(
      `SELECT started_at >= UTC_TIMESTAMP(3) - INTERVAL :days DAY AS young,
        ${stillNeeded} OR (status IN ('running', 'cut off') AND request_key IS NOT NULL) AS needed
        FROM ingest_loads WHERE id = :id`,
      { id: after, days },
    );
    if (load?.young === 1) return;
    if (load?.needed === 1) continue;
    if (await removeRows(db, "ingest_rejects", after, days, onRemoved)) return;
  }
}

/**
 * Deletes the rows as they were before loads that ended more than `days` ago, so that these can no longer be undone; 0: only those of
 * loads that are deleted.
 */
export async function removeOldBefore(db: MysqlPool, days: number, onRemoved: OnRemoved): Promise<void> {
  for (const { name } of await listTables(db)) {
    const [kept] = await db.query<RowDataPacket[]>(
      `SELECT DISTINCT ${loadOfColumn} AS id FROM ${identifier(beforeName(name))}`,
    );
    for (const { id } of kept) {
      const [[load]] = await db.query<RowDataPacket[]>(
        `SELECT :days = 0 OR ${stillNeeded} OR status IN ('running', 'cut off') AS needed FROM ingest_loads WHERE id = :id`,
        { id, days },
      );
      if (load?.needed === 1) continue;
      await db.query("UPDATE ingest_loads SET state = JSON_SET(state, '$.undoExpired', 1) WHERE id = :id", { id });
      if (await removeRows(db, beforeName(name), Number(id), days, onRemoved)) return;
    }
  }
}

/** Deletes loads without a heartbeat for more than `days`, with all of their rows that are kept. */
export async function removeOldLoads(db: MysqlPool, days: number, onRemoved: OnRemoved): Promise<void> {
  for (;;) {
    const [loads] = await db.query<RowDataPacket[]>(
      `SELECT id, table_name FROM ingest_loads WHERE started_at < UTC_TIMESTAMP(3) - INTERVAL :days DAY AND NOT ${stillNeeded}
        ORDER BY started_at, id LIMIT ${loadsAtOnce}`,
      { days },
    );
    const known = new Set((await listTables(db)).map(({ name }) => name));
    for (const { id, table_name: of } of loads) {
      for (const table of ["ingest_rejects", ...(known.has(of) ? [stagedName(of), beforeName(of)] : [])]) {
        if (await removeRows(db, table, Number(id), days, onRemoved)) return;
      }
      const [removed] = await db.query<ResultSetHeader>(
        `DELETE FROM ingest_loads WHERE id = :id AND NOT ${stillNeeded}`,
        {
          id,
          days,
        },
      );
      if (await onRemoved("ingest_loads", removed.affectedRows)) return;
    }
    if (loads.length < loadsAtOnce) return;
  }
}

/**
 * Deletes the rows of a load from a table in chunks, each under the lock that a batch of the load takes, so that it is not
 * resumed meanwhile.
 */
async function removeRows(
  db: MysqlPool,
  table: string,
  id: number,
  days: number,
  onRemoved: OnRemoved,
): Promise<boolean> {
  for (;;) {
    const removed = await inMysqlTransaction(db, async (connection) => {
      const [[load]] = await connection.query<RowDataPacket[]>(
        `SELECT ${stillNeeded} AS needed FROM ingest_loads WHERE id = :id FOR UPDATE`,
        { id, days },
      );
      if (load?.needed === 1) return 0;
      const text = `DELETE FROM ${identifier(table)} WHERE ${table === "ingest_rejects" ? "load_id" : loadOfColumn} = :id LIMIT ${rowsAtOnce}`;
      return (await connection.query<ResultSetHeader>(text, { id }))[0].affectedRows;
    });
    if (removed > 0 && (await onRemoved(table, removed))) return true;
    if (removed < rowsAtOnce) return false;
  }
}
