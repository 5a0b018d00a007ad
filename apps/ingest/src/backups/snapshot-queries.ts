import { type MysqlPool, withComment } from "@quintet/db";
import type { Connection } from "mysql2";
import { type PlainRow, plainColumns } from "../store/row-range.ts";
import { tableTarget } from "../store/row-target.ts";
import type { Table } from "../tables.ts";

/**
 * Reads all rows of a table, by id, as they are at one moment, however others write meanwhile: what one statement reads without locks
 * is one snapshot. `onRow` may return a promise: no more rows come until it is settled. Rejects with what `onRow` throws or rejects
 * with.
 */
export async function readSnapshot(
  db: MysqlPool,
  table: Table,
  onRow: (row: PlainRow) => Promise<void> | undefined,
): Promise<void> {
  const connection = await db.getConnection();
  // The driver's own connection tells of each row as it comes: a stream of objects would cost more than the rows themselves.
  const events = connection.connection as unknown as Connection;
  const ended = Promise.withResolvers<void>();
  const { resolve, reject } = ended;
  // Of a connection that breaks, the statement hears nothing.
  events.once("error", reject);
  try {
    const text = `SELECT ${plainColumns(table)} FROM ${tableTarget(table).name} ORDER BY id`;
    const query = events.query(withComment(text, false));
    query.on("result", (row: unknown) => {
      try {
        const wait = onRow(row as PlainRow);
        if (!wait) return;
        events.pause();
        wait.then(() => events.resume(), reject);
      } catch (error) {
        reject(error);
      }
    });
    query.on("error", reject);
    query.on("end", resolve);
    await ended.promise;
    connection.release();
  } catch (error) {
    // Rows may still be on their way: this connection is of no more use.
    connection.destroy();
    throw error;
  } finally {
    events.off("error", reject);
  }
}
