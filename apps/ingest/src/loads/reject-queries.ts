import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import type { FaultCode } from "../csv/fault.ts";
import type { Reject } from "../csv/row-faults.ts";

const rowsAtOnce = 1000;
/** The max size of the raw bytes in one statement, as hexadecimal digits half of it. */
const bytesAtOnce = 1024 * 1024;

/** A rejected row as stored. Rows of earlier versions have no code, and at most 2 KiB of text. */
export interface StoredReject extends Omit<Reject, "code"> {
  code: FaultCode | null;
}

/** Stores the rejects of a batch, in the transaction of its rows. */
export async function insertRejects(
  connection: MysqlConnection,
  load: number,
  rejects: readonly Reject[],
): Promise<void> {
  for (let from = 0, to = 0; from < rejects.length; from = to) {
    for (let bytes = 0; to < rejects.length && to - from < rowsAtOnce && bytes < bytesAtOnce; to++) {
      bytes += rejects[to]!.raw.length;
    }
    const values = rejects
      .slice(from, to)
      .map(({ line, column, code, reason, raw }) => [load, line, column, code, reason, raw]);
    await connection.query(
      "INSERT INTO ingest_rejects (load_id, line, column_name, code, reason, raw_bytes) VALUES ?",
      [values],
    );
  }
}

/** Whether the rejects of a load are stored. */
export async function hasRejects(db: MysqlPool, load: number): Promise<boolean> {
  const [rows] = await db.query<RowDataPacket[]>("SELECT 1 FROM ingest_rejects WHERE load_id = :load LIMIT 1", {
    load,
  });
  return rows.length > 0;
}

/** Up to `limit` rejects of a load in the order of the file, after the line `after`. */
export async function listRejects(
  db: MysqlPool,
  load: number,
  page: { after: number; limit: number },
): Promise<StoredReject[]> {
  const [rows] = await db.query<(StoredReject & RowDataPacket)[]>(
    `SELECT line, column_name AS \`column\`, code, reason, COALESCE(raw_bytes, CONVERT(raw USING utf8mb4)) AS raw
      FROM ingest_rejects WHERE load_id = :load AND line > :after ORDER BY line LIMIT :limit`,
    { load, ...page },
  );
  return rows.map((row) => ({ ...row, raw: Buffer.from(row.raw) }));
}

/** All rejects of a load in the order of the file, some at a time. */
export async function* readRejects(db: MysqlPool, load: number): AsyncGenerator<StoredReject[]> {
  // A page of rows of 64 KiB is as large as one of a thousand short rows.
  const limit = 100;
  for (let after = 0; ; ) {
    const rows = await listRejects(db, load, { after, limit });
    if (rows.length > 0) yield rows;
    if (rows.length < limit) return;
    after = rows.at(-1)!.line;
  }
}

/** The first 2 KiB of a rejected row as text that any CSV reader accepts: invalid UTF-8 becomes U+FFFD, NUL becomes U+2400. */
export function rawText(raw: Buffer): string {
  return raw.toString("utf8", 0, 2048).replaceAll("\0", "\u2400");
}

const chunkRows = 1000;

/**
 * Deletes the rejects of a load that has ended, in chunks. Whether it had ended; they count as deleted from the first chunk on, and a
 * repetition deletes what an interrupted one has left.
 */
export async function deleteRejects(db: MysqlPool, load: number): Promise<boolean> {
  const [marked] = await db.query<ResultSetHeader>(
    `UPDATE ingest_loads SET state = JSON_SET(COALESCE(state, '{}'), '$.rejectsDeleted', 1)
      WHERE id = :load AND status NOT IN ('running', 'cut off')`,
    { load },
  );
  if (marked.affectedRows === 0) return false;
  for (;;) {
    const [deleted] = await db.query<ResultSetHeader>(
      `DELETE FROM ingest_rejects WHERE load_id = :load LIMIT ${chunkRows}`,
      { load },
    );
    if (deleted.affectedRows < chunkRows) return true;
  }
}
