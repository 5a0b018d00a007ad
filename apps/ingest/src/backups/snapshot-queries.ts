import { type MysqlConnection, withComment } from "@quintet/db";
import type { Connection } from "mysql2";
import { type PlainRow, plainColumns, plainReader } from "../store/plain-row.ts";
import { identifier, identifiers } from "../tables/quote.ts";
import type { Table } from "../tables/table.ts";

/**
 * Reads all rows of a table by key as a consistent snapshot: one statement without locks reads one snapshot, independent of concurrent
 * writes. `onRow` may return a promise, which pauses the rows until it is settled. Rejects with the error of `onRow`. After a
 * failure rows may still be in transit, and the connection cannot be used any more.
 */
export async function readSnapshot(
  { connection: driver }: MysqlConnection,
  table: Table,
  onRow: (row: PlainRow) => Promise<void> | undefined,
): Promise<void> {
  // The driver's own connection emits each row as it arrives: an object stream would cost more than the rows themselves.
  const events = driver as unknown as Connection;
  const ended = Promise.withResolvers<void>();
  const { resolve, reject } = ended;
  // A statement gets no event when its connection breaks.
  events.once("error", reject);
  try {
    const text = `SELECT ${plainColumns(table)} FROM ${identifier(table.name)} ORDER BY ${identifiers(table.primaryKey)}`;
    const toPlain = plainReader(table);
    const query = events.query(withComment(text, false));
    query.on("result", (row: unknown) => {
      try {
        const wait = onRow(toPlain(row as Record<string, unknown>));
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
  } finally {
    events.off("error", reject);
  }
}
