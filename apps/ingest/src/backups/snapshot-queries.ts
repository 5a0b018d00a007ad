import { type MysqlPool, withComment } from "@quintet/db";
import type { PoolConnection } from "mysql2";
import { type PlainRow, plainColumns } from "../store/row-range.ts";
import { tableTarget } from "../store/row-target.ts";
import type { Table } from "../tables.ts";

/**
 * Reads all rows of a table, by id, out of one consistent snapshot, however others write meanwhile. `onRow` may return a promise:
 * no more rows come until it is settled. Rejects with what `onRow` throws or rejects with.
 */
export async function readSnapshot(
  db: MysqlPool,
  table: Table,
  onRow: (row: PlainRow) => Promise<void> | undefined,
): Promise<void> {
  const connection = await eventConnection(db);
  const statements = connection.promise();
  try {
    await statements.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    await statements.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
    await new Promise<void>((resolve, reject) => {
      const text = `SELECT ${plainColumns(table)} FROM ${tableTarget(table).name} ORDER BY id`;
      const query = connection.query(withComment(text, false));
      query.on("result", (row: unknown) => {
        try {
          const wait = onRow(row as PlainRow);
          if (!wait) return;
          connection.pause();
          wait.then(() => connection.resume(), reject);
        } catch (error) {
          reject(error);
        }
      });
      query.on("error", reject);
      query.on("end", resolve);
    });
    await statements.commit();
    connection.release();
  } catch (error) {
    // Rows may still be on their way: this connection is of no more use.
    connection.destroy();
    throw error;
  }
}

/** A connection that tells of each row as it comes: a stream of objects would cost more than the rows themselves. */
function eventConnection(db: MysqlPool): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    db.pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)));
  });
}
