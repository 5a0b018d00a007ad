import { findProcessed, type MysqlConnection, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import { maxId } from "../csv/row-faults.ts";
import { type BulkStore, doneTable, inBulkTransaction } from "../store/bulk-store.ts";
import { brokenReferences, type TableContent } from "../store/references.ts";
import { deleteIds, deleteRange, type IdRange, lockRange, type PlainRow } from "../store/row-range.ts";
import { tableTarget } from "../store/row-target.ts";
import { sendReplacing } from "../store/send-rows.ts";
import { rejectBroken } from "../store/whole-table.ts";
import { referencesFrom, type Table } from "../tables.ts";
import { listBackupNames, markChecked, sidecarOf, statBackup } from "./backup-files.ts";
import { type BackupName, backupPath, readBackupName } from "./backup-name.ts";
import type { BlockRows } from "./block-rows.ts";
import { DamagedFile, IncompatibleFile } from "./byte-source.ts";
import { backupBlocks, checkBlocks, digestFile } from "./read-backup.ts";
import { rowDifference } from "./row-difference.ts";

/** Which backup: by name, or the latest, or the latest at or before a moment (ISO 8601). */
export type BackupChoice = { name: string } | { timestamp?: string | undefined };

/** From which backup a table was restored, and how many rows it has then. */
export interface Restored {
  backup: string;
  rows: number;
}

/** The backup of a table that is meant. 404 when there is none, 422 when it is one of another table. */
async function chooseBackup(folder: string, table: Table, choice: BackupChoice): Promise<BackupName> {
  if ("name" in choice) {
    const backup = readBackupName(choice.name);
    if (!backup || !(await statBackup(folder, backup))) throw new Problem("not-found", "Backup not found.");
    if (backup.table === table.name) return backup;
    const message = `is a backup of ${backup.table}`;
    throw new Problem("unprocessable", `name: ${message}`, { errors: [{ path: "name", message }] });
  }
  const until = choice.timestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(choice.timestamp);
  for (const name of await listBackupNames(folder)) {
    if (name.table !== table.name || Date.parse(name.createdAt) > until) continue;
    if (await statBackup(folder, name)) return name;
  }
  const before = choice.timestamp === undefined ? "" : ` from ${choice.timestamp} or before`;
  throw new Problem("not-found", `There is no backup of ${table.name}${before}.`);
}

/**
 * Makes a table exactly what a backup holds, in one transaction: readers see the old rows until it commits and the new ones
 * afterwards. With nothing changed it is a 409 when the file is damaged or rows would refer to rows that are not there, and a 422
 * when the file is none of this table. Done once for a keyed request, whatever was the latest backup then and has become of it.
 */
export async function restoreBackup(
  store: BulkStore,
  folder: string,
  table: Table,
  choice: BackupChoice,
  request?: KeyedRequest,
): Promise<Restored> {
  const before = await findProcessed<Restored>(mysqlProcessedRequests(store.pool, doneTable), request);
  if (before) return before;
  const backup = await chooseBackup(folder, table, choice);
  const path = backupPath(folder, backup);
  try {
    await checkBackup(folder, table, backup);
    const restore = async (connection: MysqlConnection) => {
      const merged = await mergeBackup(store, connection, table, path);
      rejectBroken(await brokenReferences(connection, table, merged));
      return { backup: backup.name, rows: merged.rows };
    };
    return await inBulkTransaction(store, (connection) =>
      runOnce(mysqlProcessedRequests(connection, doneTable), request, () => restore(connection)),
    );
  } catch (error) {
    if (error instanceof IncompatibleFile) {
      const message = `${table.name} cannot be restored from ${backup.name}: ${error.message}`;
      throw new Problem("unprocessable", `Nothing was changed. name: ${message}.`, {
        errors: [{ path: "name", message }],
        cause: error,
      });
    }
    if (error instanceof DamagedFile) {
      throw new Problem("conflict", `Nothing was changed. The backup is damaged: ${error.message}`, { cause: error });
    }
    if (isFileError(error, path)) {
      throw new Problem("unavailable", "Nothing was changed. The backup file cannot be read at the moment.", {
        cause: error,
      });
    }
    throw error;
  }
}

function isFileError(error: unknown, path: string): boolean {
  return error instanceof Error && "path" in error && error.path === path;
}

/**
 * Sees before anything is changed that the file is the one that was written. When nobody wrote down which that was, all of its
 * rows are read, as far as a file can be checked by itself.
 */
async function checkBackup(folder: string, table: Table, backup: BackupName): Promise<void> {
  const path = backupPath(folder, backup);
  const file = await statBackup(folder, backup);
  if (!file) throw new Problem("not-found", "Backup not found.");
  const side = await sidecarOf(folder, backup, file);
  const unchecked = side.learned !== undefined && !side.learned.checked;
  if (unchecked) await checkBlocks(table, path);
  if ((await digestFile(path)) !== side.sha256) throw new DamagedFile("The file is not the one that was created.");
  if (unchecked) await markChecked(folder, backup, side);
}

/** What a restored table has. */
interface Merged extends TableContent {
  rows: number;
}

/**
 * Makes the table what a file holds, block by block: the rows of the block's range of ids are locked and compared, and only those that
 * differ are touched. One block is decoded while the one before it is being stored.
 */
async function mergeBackup(store: BulkStore, connection: MysqlConnection, table: Table, path: string): Promise<Merged> {
  const target = tableTarget(table);
  const named = new Map(referencesFrom(table.name).map(({ column }) => [column, new Map<number, number>()]));
  let total = 0;
  let after = -maxId - 2;
  let storing = Promise.resolve();
  const merge = async (block: BlockRows, range: IdRange) => {
    const { write, remove } = rowDifference(table, block.rows, await lockRange(connection, table, range));
    await deleteIds(connection, table, remove);
    await sendReplacing(store, connection, target, block.text(write), write.length);
  };
  try {
    for await (const block of backupBlocks(table, path)) {
      countNamed(named, block.rows);
      await storing;
      const last = Number(block.rows.at(-1)?.id ?? after);
      storing = merge(block, { after, last });
      storing.catch(() => {});
      after = last;
      total += block.rows.length;
    }
    await storing;
    await deleteRange(connection, table, { after, last: maxId });
    return { rows: total, ids: target, referencedIds: (column) => named.get(column) ?? new Map() };
  } finally {
    // The connection must be free before the transaction is rolled back.
    await storing.catch(() => {});
  }
}

/** Counts the ids that rows name. The server would have to look each of them up again: it does not trust an index with rows not yet committed. */
function countNamed(named: ReadonlyMap<string, Map<number, number>>, rows: readonly PlainRow[]): void {
  for (const [column, counts] of named) {
    for (const row of rows) {
      const id = Number(row[column]);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  }
}
