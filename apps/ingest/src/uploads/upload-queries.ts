import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import type { LoadOptions } from "../loads/load.ts";
import type { LoadRequester } from "../loads/start-load.ts";

/** A resumable upload. `size` is in bytes, as declared; `metadata` as the client sent it. */
export interface StoredUpload {
  id: string;
  accountId: number;
  size: number;
  metadata: Record<string, string | null>;
  createdAt: Date;
  /** The load that begins when the upload is complete; undefined when there is none. */
  load: UploadLoad | undefined;
}

/** How an upload is loaded once it is complete, and who has asked for it. */
export interface LoadRequest {
  options: LoadOptions;
  sheet?: string | undefined;
  requester: LoadRequester;
}

export interface UploadLoad {
  request: LoadRequest;
  /** The load; null as long as it has not begun. */
  id: number | null;
  /** Undefined until it has ended; the problem, if it has ended with one. */
  end: { problem: string | null } | undefined;
}

const maxUploads = 1000;

/** Adds an upload, unless the uploads of its account would then exceed `maxBytes` in all or be more than 1,000. Whether it was added. */
export async function insertUpload(
  db: MysqlConnection,
  upload: Omit<StoredUpload, "createdAt" | "load"> & { loadRequest: LoadRequest | undefined },
  maxBytes: number,
): Promise<boolean> {
  const { id, accountId, size, metadata, loadRequest } = upload;
  const [result] = await db.execute<ResultSetHeader>(
    `INSERT INTO ingest_uploads (id, account_id, size, metadata, load_request, created_at)
     SELECT ?, ?, ?, ?, ?, UTC_TIMESTAMP(3) FROM
       (SELECT COUNT(*) AS uploads, COALESCE(SUM(size), 0) AS bytes FROM ingest_uploads WHERE account_id = ?) AS own
     WHERE uploads < ? AND bytes + ? <= ?`,
    [
      ...[id, accountId, size, JSON.stringify(metadata), loadRequest ? JSON.stringify(loadRequest) : null],
      ...[accountId, maxUploads, size, maxBytes],
    ],
  );
  return result.affectedRows === 1;
}

export async function findUpload(db: MysqlPool, id: string): Promise<StoredUpload | undefined> {
  const [rows] = await db.execute<RowDataPacket[]>(
    "SELECT id, account_id, size, metadata, created_at, load_request, load_id, load_end FROM ingest_uploads WHERE id = ?",
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
    load: row.load_request === null ? undefined : loadOf(row),
  };
}

function loadOf({ load_request: request, load_id: id, load_end: end }: RowDataPacket): UploadLoad {
  return {
    request: JSON.parse(request),
    id: id === null ? null : Number(id),
    end: end === null ? undefined : JSON.parse(end),
  };
}

/** The ids of uploads whose load has not ended; they may be incomplete. */
export async function uploadsToLoad(db: MysqlPool): Promise<string[]> {
  const [rows] = await db.execute<RowDataPacket[]>(
    `SELECT id FROM ingest_uploads WHERE load_request IS NOT NULL AND load_end IS NULL ORDER BY created_at LIMIT 1000`,
  );
  return rows.map(({ id }) => id);
}

/** Notes the load of an upload. */
export async function setUploadLoad(db: MysqlPool, id: string, load: number): Promise<void> {
  await db.execute("UPDATE ingest_uploads SET load_id = ? WHERE id = ?", [load, id]);
}

/** Notes how the load of an upload has ended; `problem`: why it could not be loaded. */
export async function endUploadLoad(db: MysqlPool, id: string, problem: string | null): Promise<void> {
  await db.execute("UPDATE ingest_uploads SET load_end = ? WHERE id = ?", [JSON.stringify({ problem }), id]);
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
