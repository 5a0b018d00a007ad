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
import type { Table } from "../tables.ts";
import { BackupDraft } from "./backup-draft.ts";
import { type Backup, backupOfRequest } from "./backup-files.ts";
import { newBackupName } from "./backup-name.ts";
import { ContainerWriter } from "./container-writer.ts";
import { removeLeftDrafts } from "./left-drafts.ts";
import { readSnapshot } from "./snapshot-queries.ts";

const maxWaiting = 4;

/**
 * Writes all rows of a table, as they are at one moment, to an Avro file in `folder`. The file is listed when it is whole and on
 * the disk, and not before. A keyed request has one, whichever process is killed or stands still when.
 */
export async function makeBackup(db: MysqlPool, folder: string, table: Table, request?: KeyedRequest): Promise<Backup> {
  const before = await findProcessed<Backup>(mysqlProcessedRequests(db, doneTable), request);
  if (before) return before;
  try {
    await removeLeftDrafts(folder);
    return await writeBackup(db, folder, table, request);
  } catch (error) {
    const ofFile = error instanceof Error && "syscall" in error;
    if (!ofFile || !fullStorage(error)) throw error;
    const detail = "The disk of the backups is full. Nothing of this backup is left there.";
    throw new Problem("insufficient-storage", detail, { cause: error });
  }
}

async function writeBackup(db: MysqlPool, folder: string, table: Table, request?: KeyedRequest): Promise<Backup> {
  const draft = await BackupDraft.begin(folder, newBackupName(table.name, new Date()));
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
      // Whoever waits for it hears of a failure; nobody may.
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
    if (!request) return await draft.finish(writer.rows);
    // A process that stood still meanwhile finds the backup of the one that went on, and keeps none of its own.
    return await inMysqlTransaction(db, (connection) =>
      runOnce(mysqlProcessedRequests(connection, doneTable), request, async () => {
        const now = await storeTime(connection);
        const listed = await backupOfRequest(folder, table, { key: request.key, now });
        return listed ?? draft.finish(writer.rows, { key: request.key, at: now.toISOString() });
      }),
    );
  } finally {
    await draft.abandon();
  }
}

/** The time by MySQL, which is one for all processes. */
async function storeTime(connection: MysqlConnection): Promise<Date> {
  const [rows] = await connection.query<RowDataPacket[]>("SELECT UTC_TIMESTAMP(3) AS now");
  return rows[0]?.now as Date;
}
