import { findProcessed, type MysqlConnection, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import { type BulkStore, doneTable, inBulkTransaction, inRevertedTransaction } from "../store/bulk-store.ts";
import { brokenIncoming } from "../store/references.ts";
import { rejectBroken } from "../store/whole-table.ts";
import type { Table } from "../tables/table.ts";
import { DamagedFile, IncompatibleFile } from "./avro/byte-source.ts";
import { listBackupNames, markChecked, sidecarOf } from "./backup-files.ts";
import { type BackupName, readBackupName } from "./backup-name.ts";
import { type Merged, mergeBackup } from "./merge-backup.ts";
import { checkBlocks, digestFile } from "./read-backup.ts";
import { type BackupStorage, StorageFailed } from "./storage.ts";

/** Which backup: by name, the latest, or the latest at or before a time (ISO 8601). */
export type BackupChoice = { name: string } | { timestamp?: string | undefined };

/** The backup that a table was restored from, and its number of rows. */
export interface Restored {
  backup: string;
  rows: number;
}

/** What a restore would do to the rows of a table. */
export interface RestorePreview extends Restored, Merged {
  dryRun: true;
}

/** The chosen backup of a table, none of `tried`. Throws a 404 when there is none, a 422 when it is of another table. */
async function chooseBackup(
  storage: BackupStorage,
  table: Table,
  choice: BackupChoice,
  tried: ReadonlySet<string>,
): Promise<BackupName> {
  if ("name" in choice) {
    const backup = readBackupName(choice.name);
    if (!backup || tried.has(backup.name) || !(await storage.stat(backup))) {
      throw new Problem("not-found", "Backup not found.");
    }
    if (backup.table === table.name) return backup;
    const message = `is a backup of ${backup.table}`;
    throw new Problem("unprocessable", `name: ${message}`, { errors: [{ path: "name", message }] });
  }
  const until = choice.timestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(choice.timestamp);
  for (const name of await listBackupNames(storage)) {
    if (name.table !== table.name || tried.has(name.name) || Date.parse(name.createdAt) > until) continue;
    if (await storage.stat(name)) return name;
  }
  const before = choice.timestamp === undefined ? "" : ` from ${choice.timestamp} or before`;
  throw new Problem("not-found", `There is no backup of ${table.name}${before}.`);
}

/** The result of `work` with the chosen backup, or with the next one by the same choice when that one is deleted meanwhile. */
function withChosen<T>(
  storage: BackupStorage,
  table: Table,
  choice: BackupChoice,
  work: (backup: BackupName) => Promise<T>,
): Promise<T> {
  return withKept(
    storage,
    async (tried) => ({ backups: [await chooseBackup(storage, table, choice, tried)] as const }),
    ({ backups: [backup] }) => explaining(table, backup, () => work(backup)),
  );
}

/**
 * The result of `work` with the backups that `choose` finds. When it fails and one of them is gone by then, all is done again with what
 * `choose` finds without those that were tried: backups are deleted at any time, by retention and when a request is sent again whose process
 * was killed.
 */
export async function withKept<Choice extends { backups: readonly BackupName[] }, T>(
  storage: BackupStorage,
  choose: (tried: ReadonlySet<string>) => Promise<Choice>,
  work: (chosen: Choice) => Promise<T>,
): Promise<T> {
  const tried = new Set<string>();
  for (;;) {
    const chosen = await choose(tried);
    try {
      return await work(chosen);
    } catch (error) {
      const files = await Promise.all(chosen.backups.map((backup) => storage.stat(backup)));
      if (files.every((file) => file !== undefined)) throw error;
      for (const { name } of chosen.backups) tried.add(name);
    }
  }
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
  return withChosen(storage, table, choice, async (backup) => {
    await checkBackup(storage, table, backup);
    return inBulkTransaction(store, (connection) =>
      runOnce(mysqlProcessedRequests(connection, doneTable), request, async () => {
        const { rows } = await mergeChecked(store, connection, table, { storage, backup });
        return { backup: backup.name, rows };
      }),
    );
  });
}

/** Makes a table what a backup holds. Throws a 409 when references would be broken. */
async function mergeChecked(
  store: BulkStore,
  connection: MysqlConnection,
  table: Table,
  source: { storage: BackupStorage; backup: BackupName },
): Promise<Merged> {
  const { counts, broken } = await mergeBackup(store, connection, table, { ...source, restored: [table.name] });
  rejectBroken([...broken, ...(await brokenIncoming(connection, table))]);
  return counts;
}

/** Restores a table and takes that back: what would change, or the same problems. It locks the rows until it ends, as a restore does. */
export async function previewRestore(
  store: BulkStore,
  storage: BackupStorage,
  table: Table,
  choice: BackupChoice,
  request?: KeyedRequest,
): Promise<RestorePreview> {
  const before = await findProcessed<RestorePreview>(mysqlProcessedRequests(store.pool, doneTable), request);
  if (before) return before;
  const preview = await tryRestore(store, storage, table, choice);
  // What was taken back also took back the record of the request.
  return inBulkTransaction(store, (connection) =>
    runOnce(mysqlProcessedRequests(connection, doneTable), request, async () => preview),
  );
}

async function tryRestore(
  store: BulkStore,
  storage: BackupStorage,
  table: Table,
  choice: BackupChoice,
): Promise<RestorePreview> {
  return withChosen(storage, table, choice, async (backup) => {
    await checkBackup(storage, table, backup);
    const merged = await inRevertedTransaction(store, (connection) =>
      mergeChecked(store, connection, table, { storage, backup }),
    );
    return { backup: backup.name, dryRun: true, ...merged };
  });
}

/** Runs `work`; what is wrong with the backup becomes a problem that says so. */
export async function explaining<T>(table: Table, backup: BackupName, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
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
    if (error instanceof StorageFailed) throw cannotRead(error);
    throw error;
  }
}

/** The problem for a storage that fails while a backup is read. */
export function cannotRead(cause: StorageFailed): Problem {
  return new Problem("unavailable", "Nothing was changed. The backup file cannot be read at the moment.", { cause });
}

/**
 * Checks the file against its stored checksum before anything is changed. For an unverified backup, reads and validates all rows
 * instead.
 */
export async function checkBackup(storage: BackupStorage, table: Table, backup: BackupName): Promise<void> {
  const file = await storage.stat(backup);
  if (!file) throw new Problem("not-found", "Backup not found.");
  const side = await sidecarOf(storage, backup, file);
  const unchecked = side.learned !== undefined && !side.learned.checked;
  if (unchecked) await checkBlocks(storage, table, backup);
  if ((await digestFile(storage, backup)) !== side.sha256)
    throw new DamagedFile("The file is not the one that was created.");
  if (unchecked) await markChecked(storage, backup, side);
}
