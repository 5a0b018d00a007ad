import {
  findProcessed,
  inMysqlTransaction,
  type MysqlConnection,
  type MysqlPool,
  mysqlProcessedRequests,
  runOnce,
} from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { doneTable } from "../store/bulk-store.ts";
import type { Table } from "../tables/table.ts";
import type { RowEncoder } from "./avro/avro-schema.ts";
import { ContainerWriter } from "./avro/container-writer.ts";
import { wireEncoder } from "./avro/wire-encoder.ts";
import type { Backup } from "./backup.ts";
import { findBackupsOfRequest } from "./backup-files.ts";
import { newBackupName } from "./backup-name.ts";
import { type BackupDraft, type BackupStorage, WriteFailed } from "./storage.ts";
import { readStoredRows, type WireRow } from "./stored-rows.ts";

const maxWaiting = 4;

/**
 * Writes a consistent snapshot of all rows of a table to an Avro file. The file is listed once it is complete and on disk.
 * There is one backup per Idempotency-Key, even if processes are killed or hang.
 */
export async function createBackup(
  db: MysqlPool,
  storage: BackupStorage,
  table: Table,
  request?: KeyedRequest,
): Promise<Backup> {
  const before = await findProcessed<Backup>(mysqlProcessedRequests(db, doneTable), request);
  if (before) return before;
  try {
    await storage.removeStale();
    return await writeBackup(db, storage, { table, from: table }, request);
  } catch (error) {
    throw writeProblem(error);
  }
}

/** The problem of a backup that could not be written; other errors as they are. */
export function writeProblem(error: unknown): unknown {
  if (!(error instanceof WriteFailed)) return error;
  return error.isFull
    ? new Problem("insufficient-storage", "The disk of the backups is full. Nothing of this backup was kept.", {
        cause: error.cause,
      })
    : new Problem("unavailable", "The backup folder cannot be written to at the moment.", {
        headers: { "Retry-After": "5" },
        cause: error.cause,
      });
}

/** Writes the rows of `from`, which has the columns of `table`, as a backup of `table`. */
export async function writeBackup(
  db: MysqlPool,
  storage: BackupStorage,
  { table, from }: { table: Table; from: Table },
  request?: KeyedRequest,
): Promise<Backup> {
  const draft = await storage.begin(newBackupName(table.name, new Date()));
  let made: Backup | undefined;
  try {
    const connection = await db.getConnection();
    let rows: number;
    try {
      rows = await writeDraft(connection, draft, { table, from });
      connection.release();
    } catch (error) {
      // Rows may still be in transit, so the connection cannot be reused.
      connection.destroy();
      throw error;
    }
    made = request ? await publishOnce(db, draft, rows, { storage, table, request }) : await draft.publish({ rows });
    return made;
  } finally {
    await draft.cleanUp(made);
  }
}

/** Writes the rows of `from` to a draft and completes it; returns their number. After a failure the connection cannot be used any more. */
export async function writeDraft(
  connection: MysqlConnection,
  draft: BackupDraft,
  { table, from }: { table: Table; from: Table },
): Promise<number> {
  let encode: RowEncoder<WireRow> | undefined;
  const writer = new ContainerWriter<WireRow>(table, (row, to, at) => encode!(row, to, at));
  let written = Promise.resolve();
  let waiting = 0;
  const write = (block: Buffer): Promise<void> => {
    waiting++;
    written = written.then(async () => {
      await draft.write(block);
      waiting--;
    });
    // The caller may not wait for it; a failure is reported by the next write.
    written.catch(() => {});
    return written;
  };
  await write(writer.header());
  await readStoredRows(connection, from, (columns) => {
    encode = wireEncoder(table, columns);
    return (row) => {
      if (!writer.add(row)) return undefined;
      const done = write(writer.takeBlock());
      return waiting > maxWaiting ? done : undefined;
    };
  });
  await write(writer.takeBlock());
  await draft.finish();
  return writer.rows;
}

/**
 * Publishes a draft as the backup of a request with a key, unless there is one already: a process that was suspended finds the backup
 * that another process has made in the meantime.
 */
async function publishOnce(
  db: MysqlPool,
  draft: BackupDraft,
  rows: number,
  { storage, table, request }: { storage: BackupStorage; table: Table; request: KeyedRequest },
): Promise<Backup> {
  const list = () =>
    inMysqlTransaction(db, (connection) =>
      runOnce(mysqlProcessedRequests(connection, doneTable), request, async () => {
        const now = await storeTime(connection);
        const [listed] = await findBackupsOfRequest(storage, { key: request.key, now }, table.name);
        return listed ?? draft.publish({ rows, request: request.key, requestedAt: now.toISOString() });
      }),
    );
  return list().catch((error: unknown) => {
    // Only the record shows whether another process has published its own since this transaction was lost.
    if (draft.isPublished) return list();
    throw error;
  });
}

/** MySQL's time, which is the same for all processes. */
export async function storeTime(connection: MysqlConnection): Promise<Date> {
  const [rows] = await connection.query<RowDataPacket[]>("SELECT UTC_TIMESTAMP(3) AS now");
  return rows[0]?.now as Date;
}
