import { createReadStream } from "node:fs";
import type { MysqlConnection } from "@quintet/db";
import { Problem } from "@quintet/http";
import { type BulkStore, inBulkTransaction, Overtaken } from "../store/bulk-store.ts";
import { brokenReferences } from "../store/references.ts";
import { tableTarget } from "../store/row-target.ts";
import { sendRows } from "../store/send-rows.ts";
import { deleteRows } from "../store/table-queries.ts";
import { refuseBroken } from "../store/whole-table.ts";
import type { Table } from "../tables.ts";
import { isSchemaOf } from "./avro-schema.ts";
import { type Backup, backupNames, backupPath, digestFile, findBackup } from "./backup-files.ts";
import { readBackupName } from "./backup-name.ts";
import { DamagedFile } from "./byte-source.ts";
import { openContainer } from "./container-reader.ts";
import { restoreTexts } from "./restore-text.ts";

/** Which backup: by name, or the latest, or the latest at or before a moment (ISO 8601). */
export type BackupChoice = { name: string } | { timestamp?: string | undefined };

/** The backup of a table that is meant. 404 when there is none, 422 when it is one of another table. */
export async function chooseBackup(folder: string, table: Table, choice: BackupChoice): Promise<Backup> {
  if ("name" in choice) {
    const named = readBackupName(choice.name);
    const backup = named && (await findBackup(folder, named));
    if (!backup) throw new Problem("not-found", "There is no such backup.");
    if (backup.table === table.name) return backup;
    const message = `is a backup of ${backup.table}`;
    throw new Problem("unprocessable", `name: ${message}`, { errors: [{ path: "name", message }] });
  }
  const until = choice.timestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(choice.timestamp);
  for (const name of await backupNames(folder)) {
    if (name.table !== table.name || Date.parse(name.createdAt) > until) continue;
    const backup = await findBackup(folder, name);
    if (backup) return backup;
  }
  const before = choice.timestamp === undefined ? "" : ` from ${choice.timestamp} or before`;
  throw new Problem("not-found", `There is no backup of ${table.name}${before}.`);
}

/**
 * Makes a table exactly what a backup holds, in one transaction: readers see the old rows until it commits and the new ones
 * afterwards. 409, with nothing changed, when the file is damaged or rows would refer to rows that are not there.
 * Returns the number of rows.
 */
export async function restoreBackup(store: BulkStore, folder: string, table: Table, backup: Backup): Promise<number> {
  const path = backupPath(folder, backup);
  try {
    if ((await digestFile(path)).sha256 !== backup.sha256)
      throw new DamagedFile("The file is not the one that was written.");
    return await inBulkTransaction(store, async (connection) => {
      await deleteRows(connection, table);
      const rows = await sendBackup(store, connection, table, path);
      refuseBroken(await brokenReferences(connection, table));
      return rows;
    });
  } catch (error) {
    if (!(error instanceof DamagedFile)) throw error;
    throw new Problem("conflict", `Nothing was changed. The backup is damaged: ${error.message}`, { cause: error });
  }
}

/** Writes the rows of a file; one block is decoded while the one before it is being stored. */
async function sendBackup(store: BulkStore, connection: MysqlConnection, table: Table, path: string): Promise<number> {
  const container = await openContainer(createReadStream(path, { highWaterMark: 1024 * 1024 }));
  if (!isSchemaOf(table, container.schema)) throw new DamagedFile(`Its schema is not the one of ${table.name}.`);
  const target = tableTarget(table);
  const toText = restoreTexts(table);
  let total = 0;
  let sending: Promise<number[]> = Promise.resolve([]);
  const settle = async () => {
    // The ids in the file ascend, so one that is taken was stored by another since the table was emptied.
    if ((await sending).length > 0) throw new Overtaken();
  };
  try {
    for await (const block of container.blocks()) {
      const { text, rows } = toText(block);
      await settle();
      total += rows;
      sending = sendRows(store, connection, target, text, rows);
      sending.catch(() => {});
    }
    await settle();
    return total;
  } finally {
    // The connection must be free before the transaction is rolled back.
    await sending.catch(() => {});
  }
}
