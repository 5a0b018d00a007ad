import { findProcessed, type MysqlConnection, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import { maxId } from "../csv/row-faults.ts";
import { type BulkStore, doneTable, inBulkTransaction } from "../store/bulk-store.ts";
import { brokenReferences, type TableContent } from "../store/references.ts";
import { deleteIds, deleteRange, type IdRange, lockRange, type PlainRow } from "../store/row-range.ts";
import { tableTarget } from "../store/row-target.ts";
import { sendReplacing } from "../store/send-rows.ts";
import { rejectBroken } from "../store/whole-table.ts";
import type { Table } from "../tables/table.ts";
import type { BlockRows } from "./avro/block-rows.ts";
import { DamagedFile, IncompatibleFile } from "./avro/byte-source.ts";
import { listBackupNames, markChecked, sidecarOf } from "./backup-files.ts";
import { type BackupName, readBackupName } from "./backup-name.ts";
import { backupBlocks, checkBlocks, digestFile } from "./read-backup.ts";
import { rowDifference } from "./row-difference.ts";
import { type BackupStorage, StorageFailed } from "./storage.ts";

/** Which backup: by name, the latest, or the latest at or before a time (ISO 8601). */
export type BackupChoice = { name: string } | { timestamp?: string | undefined };

/** The backup that a table was restored from, and its number of rows. */
export interface Restored {
  backup: string;
  rows: number;
}

/** The chosen backup of a table. Throws a 404 when there is none, a 422 when it is of another table. */
async function chooseBackup(storage: BackupStorage, table: Table, choice: BackupChoice): Promise<BackupName> {
  if ("name" in choice) {
    const backup = readBackupName(choice.name);
    if (!backup || !(await storage.stat(backup))) throw new Problem("not-found", "Backup not found.");
    if (backup.table === table.name) return backup;
    const message = `is a backup of ${backup.table}`;
    throw new Problem("unprocessable", `name: ${message}`, { errors: [{ path: "name", message }] });
  }
  const until = choice.timestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(choice.timestamp);
  for (const name of await listBackupNames(storage)) {
    if (name.table !== table.name || Date.parse(name.createdAt) > until) continue;
    if (await storage.stat(name)) return name;
  }
  const before = choice.timestamp === undefined ? "" : ` from ${choice.timestamp} or before`;
  throw new Problem("not-found", `There is no backup of ${table.name}${before}.`);
}

/**
 * Replaces the content of a table by a backup, in one transaction: readers see the old rows until it commits and the new rows
 * afterwards. Throws a 409 when the file is damaged or references would break, and a 422 when the file does not fit the table;
 * nothing is changed then. Runs once per Idempotency-Key, even if the latest backup is a different one by now.
 */
export async function restoreBackup(
  store: BulkStore,
  storage: BackupStorage,
  table: Table,
  choice: BackupChoice,
  request?: KeyedRequest,
): Promise<Restored> {
  const before = await findProcessed<Restored>(mysqlProcessedRequests(store.pool, doneTable), request);
  if (before) return before;
  const backup = await chooseBackup(storage, table, choice);
  try {
    await checkBackup(storage, table, backup);
    const restore = async (connection: MysqlConnection) => {
      const merged = await mergeBackup(store, connection, table, { storage, backup });
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
    if (error instanceof StorageFailed) {
      throw new Problem("unavailable", "Nothing was changed. The backup file cannot be read at the moment.", {
        cause: error,
      });
    }
    throw error;
  }
}

/**
 * Checks the file against its stored checksum before anything is changed. For an unverified backup, reads and validates all rows
 * instead.
 */
async function checkBackup(storage: BackupStorage, table: Table, backup: BackupName): Promise<void> {
  const file = await storage.stat(backup);
  if (!file) throw new Problem("not-found", "Backup not found.");
  const side = await sidecarOf(storage, backup, file);
  const unchecked = side.learned !== undefined && !side.learned.checked;
  if (unchecked) await checkBlocks(storage, table, backup);
  if ((await digestFile(storage, backup)) !== side.sha256)
    throw new DamagedFile("The file is not the one that was created.");
  if (unchecked) await markChecked(storage, backup, side);
}

/** The content of a restored table. */
interface Merged extends TableContent {
  rows: number;
}

/**
 * Applies a file to the table block by block: the rows in the block's range of ids are locked and compared, and only rows that differ
 * are changed. One block is decoded while the one before it is stored.
 */
async function mergeBackup(
  store: BulkStore,
  connection: MysqlConnection,
  table: Table,
  { storage, backup }: { storage: BackupStorage; backup: BackupName },
): Promise<Merged> {
  const target = tableTarget(table);
  const named = new Map(
    table.foreignKeys.flatMap(({ columns }) => columns).map((name) => [name, new Map<number, number>()]),
  );
  let total = 0;
  let after = -maxId - 2;
  let storing = Promise.resolve();
  const merge = async (block: BlockRows, range: IdRange) => {
    const { write, remove } = rowDifference(table, block.rows, await lockRange(connection, table, range));
    await deleteIds(connection, table, remove);
    await sendReplacing(store, connection, target, block.text(write), write.length);
  };
  try {
    for await (const block of backupBlocks(storage, table, backup)) {
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
    return {
      rows: total,
      source: target,
      referencedKeys: ({ columns: [column = ""] }) => named.get(column) ?? new Map(),
    };
  } finally {
    // The connection must be free before the transaction is rolled back.
    await storing.catch(() => {});
  }
}

/** Counts the referenced ids of rows. Counting in the server is slower: with uncommitted rows it cannot use an index alone. */
function countNamed(named: ReadonlyMap<string, Map<number, number>>, rows: readonly PlainRow[]): void {
  for (const [column, counts] of named) {
    for (const row of rows) {
      const id = Number(row[column]);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  }
}
