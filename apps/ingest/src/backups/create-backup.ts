import {
  findProcessed,
  inMysqlTransaction,
  type MysqlConnection,
  type MysqlPool,
  mysqlProcessedRequests,
  runOnce,
} from "@quintet/db";
import { fullStorage, type KeyedRequest, Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { doneTable } from "../store/bulk-store.ts";
import type { Table } from "../tables/table.ts";
import { BackupDraft } from "./backup-draft.ts";
import { type Backup, findBackupOfRequest } from "./backup-files.ts";
import { newBackupName } from "./backup-name.ts";
import { ContainerWriter } from "./container-writer.ts";
import { readSnapshot } from "./snapshot-queries.ts";
import { removeStaleDrafts } from "./stale-drafts.ts";

const maxWaiting = 4;

/**
 * Writes a consistent snapshot of all rows of a table to an Avro file in `folder`. The file is listed once it is complete and on disk.
 * There is one backup per Idempotency-Key, even if processes are killed or hang.
 */
export async function createBackup(
  db: MysqlPool,
  folder: string,
  table: Table,
  request?: KeyedRequest,
): Promise<Backup> {
  const before = await findProcessed<Backup>(mysqlProcessedRequests(db, doneTable), request);
  if (before) return before;
  try {
    await removeStaleDrafts(folder);
    return await writeBackup(db, folder, table, request);
  } catch (error) {
    const ofFile = error instanceof Error && "syscall" in error && "path" in error;
    if (ofFile && !fullStorage(error)) {
      throw new Problem("unavailable", "The backup folder cannot be written to at the moment.", {
        headers: { "Retry-After": "5" },
        cause: error,
      });
    }
    if (!(error instanceof Error && "syscall" in error) || !fullStorage(error)) throw error;
    const detail = "The disk of the backups is full. Nothing of this backup was kept.";
    throw new Problem("insufficient-storage", detail, { cause: error });
  }
}

async function writeBackup(db: MysqlPool, folder: string, table: Table, request?: KeyedRequest): Promise<Backup> {
  const draft = await BackupDraft.begin(folder, newBackupName(table.name, new Date()));
  let made: Backup | undefined;
  try {
    const writer = new ContainerWriter(table);
    let written = Promise.resolve();
    let waiting = 0;
    const write = (block: Buffer[]): Promise<void> => {
      waiting++;
      written = written.then(async () => {
        await draft.write(block);
        waiting--;
      });
      // The caller may not wait for it; a failure is reported by the next write.
      written.catch(() => {});
      return written;
    };
    await write([writer.header()]);
    await readSnapshot(db, table, (row) => {
      if (!writer.add(row)) return undefined;
      const done = write(writer.takeBlock());
      return waiting > maxWaiting ? done : undefined;
    });
    await write(writer.takeBlock());
    await draft.finish();
    made = request
      ? await publishOnce(db, draft, writer.rows, { folder, table, request })
      : await draft.publish(writer.rows);
    return made;
  } finally {
    await draft.cleanUp(made);
  }
}

/**
 * Publishes a draft as the backup of a request with a key, unless there is one already: a process that was suspended finds the backup
 * that another process has made in the meantime.
 */
async function publishOnce(
  db: MysqlPool,
  draft: BackupDraft,
  rows: number,
  { folder, table, request }: { folder: string; table: Table; request: KeyedRequest },
): Promise<Backup> {
  const list = () =>
    inMysqlTransaction(db, (connection) =>
      runOnce(mysqlProcessedRequests(connection, doneTable), request, async () => {
        const now = await storeTime(connection);
        const listed = await findBackupOfRequest(folder, table, { key: request.key, now });
        return listed ?? draft.publish(rows, { key: request.key, at: now.toISOString() });
      }),
    );
  return list().catch((error: unknown) => {
    // Only the record shows whether another process has published its own since this transaction was lost.
    if (draft.isPublished) return list();
    throw error;
  });
}

/** MySQL's time, which is the same for all processes. */
async function storeTime(connection: MysqlConnection): Promise<Date> {
  const [rows] = await connection.query<RowDataPacket[]>("SELECT UTC_TIMESTAMP(3) AS now");
  return rows[0]?.now as Date;
}
