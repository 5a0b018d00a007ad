import type { MysqlPool } from "@quintet/db";
import type { Table } from "../tables.ts";
import { type Backup, BackupDraft, backupOfRequest } from "./backup-files.ts";
import { newBackupName } from "./backup-name.ts";
import { ContainerWriter } from "./container-writer.ts";
import { readSnapshot } from "./snapshot-queries.ts";

const maxWaiting = 4;

/**
 * Writes all rows of a table, as they are at one moment, to an Avro file in `folder`. The file is listed when it is whole and on
 * the disk, and not before. The request of that key has one, which tells what it was made for.
 */
export async function makeBackup(db: MysqlPool, folder: string, table: Table, requestKey?: string): Promise<Backup> {
  const made = requestKey && (await backupOfRequest(folder, table, requestKey));
  if (made) return made;
  const draft = await BackupDraft.begin(folder, newBackupName(table.name, new Date()));
  try {
    const writer = new ContainerWriter(table);
    let written = draft.write([writer.header()]);
    let waiting = 0;
    const writeBlock = (): Promise<void> => {
      const block = writer.takeBlock();
      waiting++;
      written = written.then(async () => {
        await draft.write(block);
        waiting--;
      });
      // Whoever waits for it hears of a failure; nobody may.
      written.catch(() => {});
      return written;
    };
    await readSnapshot(db, table, (row) => {
      if (!writer.add(row)) return undefined;
      const done = writeBlock();
      return waiting > maxWaiting ? done : undefined;
    });
    await writeBlock();
    return await draft.finish(writer.rows, requestKey);
  } catch (error) {
    await draft.abandon();
    throw error;
  }
}
