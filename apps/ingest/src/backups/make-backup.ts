import type { MysqlPool } from "@quintet/db";
import { fullStorage, Problem } from "@quintet/http";
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
 * the disk, and not before. The request of that key has one, which tells what it was made for.
 */
export async function makeBackup(db: MysqlPool, folder: string, table: Table, requestKey?: string): Promise<Backup> {
  const made = requestKey && (await backupOfRequest(folder, table, requestKey));
  if (made) return made;
  try {
    await removeLeftDrafts(folder);
    return await writeBackup(db, folder, table, requestKey);
  } catch (error) {
    const ofFile = error instanceof Error && "syscall" in error;
    if (!ofFile || !fullStorage(error)) throw error;
    const detail = "The disk of the backups is full. Nothing of this backup is left there.";
    throw new Problem("insufficient-storage", detail, { cause: error });
  }
}

async function writeBackup(db: MysqlPool, folder: string, table: Table, requestKey?: string): Promise<Backup> {
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
    return await draft.finish(writer.rows, requestKey);
  } catch (error) {
    await draft.abandon();
    throw error;
  }
}
