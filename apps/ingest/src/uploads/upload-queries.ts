import type { MysqlPool } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";

/** A resumable upload. `size` is in bytes, as declared; `metadata` as the client sent it. */
export interface StoredUpload {
  id: string;
  accountId: number;
  size: number;
  metadata: Record<string, string | null>;
  createdAt: Date;
}

const maxUploads = 1000;

/** Adds an upload, unless the uploads of its account would then exceed `maxBytes` in all or be more than 1,000. Whether it was added. */
export async function insertUpload(
  db: MysqlPool,
  { id, accountId, size, metadata }: Omit<StoredUpload, "createdAt">,
  maxBytes: number,
): Promise<boolean> {
  const [result] = await db.execute<ResultSetHeader>(
    `INSERT INTO ingest_uploads (id, account_id, size, metadata, created_at)
     SELECT ?, ?, ?, ?, UTC_TIMESTAMP(3) FROM
       (SELECT COUNT(*) AS uploads, COALESCE(SUM(size), 0) AS bytes FROM ingest_uploads WHERE account_id = ?) AS own
     WHERE uploads < ? AND bytes + ? <= ?`,
    [id, accountId, size, JSON.stringify(metadata), accountId, maxUploads, size, maxBytes],
  );
  return result.affectedRows === 1;
}

export async function findUpload(db: MysqlPool, id: string): Promise<StoredUpload | undefined> {
  const [rows] = await db.execute<RowDataPacket[]>(
    "SELECT id, account_id, size, metadata, created_at FROM ingest_uploads WHERE id = ?",
    [id],
  );
  const row = rows[0];
  if (!row) return undefined;
  return {
    id: row.id,
    accountId: Number(row.account_id),
    size: Number(row.size),
    metadata: JSON.parse(row.metadata),
    createdAt: row.created_at,
  };
}

export async function deleteUpload(db: MysqlPool, id: string): Promise<void> {
  await db.execute("DELETE FROM ingest_uploads WHERE id = ?", [id]);
}

/** The ids of uploads that were created more than `hours` ago. */
export async function expiredUploads(db: MysqlPool, hours: number): Promise<string[]> {
  const [rows] = await db.execute<RowDataPacket[]>(
    "SELECT id FROM ingest_uploads WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL ? HOUR ORDER BY created_at LIMIT 1000",
    [hours],
  );
  return rows.map(({ id }) => id);
}
