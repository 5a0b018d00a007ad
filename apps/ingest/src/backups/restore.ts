import { findProcessed, type MysqlConnection, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import type { KeyValue } from "../csv/row-keys.ts";
import { type BulkStore, doneTable, inBulkTransaction } from "../store/bulk-store.ts";
import { deleteKeys, existingKeys } from "../store/key-lookup.ts";
import { type PlainRow, plainKeyReader } from "../store/plain-row.ts";
import { type BrokenReference, brokenIncoming } from "../store/references.ts";
import { deleteRange, type KeyRange, readRange } from "../store/row-range.ts";
import { tableTarget } from "../store/row-target.ts";
import { sendReplacing } from "../store/send-rows.ts";
import { rejectBroken } from "../store/whole-table.ts";
import { lockDefinition } from "../tables/definitions.ts";
import { identifier } from "../tables/quote.ts";
import { columnNamed, type ForeignKey, type Table } from "../tables/table.ts";
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

/** What a restore would do to the rows of a table. */
export interface RestorePreview extends Restored {
  dryRun: true;
  added: number;
  removed: number;
  changed: number;
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
  return explaining(table, backup, async () => {
    await checkBackup(storage, table, backup);
    return inBulkTransaction(store, (connection) =>
      runOnce(mysqlProcessedRequests(connection, doneTable), request, async () => {
        const { rows } = await mergeBackup(store, connection, table, { storage, backup });
        return { backup: backup.name, rows };
      }),
    );
  });
}

/** The result of a transaction that is rolled back. */
class RolledBack extends Error {
  override name = "RolledBack";
  readonly merged: Merged;
  constructor(merged: Merged) {
    super("The transaction is not to be committed.");
    this.merged = merged;
  }
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
  const backup = await chooseBackup(storage, table, choice);
  return explaining(table, backup, async () => {
    await checkBackup(storage, table, backup);
    try {
      return await inBulkTransaction(store, async (connection) => {
        throw new RolledBack(await mergeBackup(store, connection, table, { storage, backup }));
      });
    } catch (error) {
      if (error instanceof RolledBack) return { backup: backup.name, dryRun: true, ...error.merged };
      throw error;
    }
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

/** How a restored table differs from what it was. */
interface Merged {
  rows: number;
  added: number;
  removed: number;
  changed: number;
}

/**
 * Applies a file to the table block by block: the rows in the block's range of keys are locked and compared, and only rows that differ
 * are changed. One block is decoded while the one before it is stored. Throws a 409 when references would be broken.
 */
async function mergeBackup(
  store: BulkStore,
  connection: MysqlConnection,
  table: Table,
  { storage, backup }: { storage: BackupStorage; backup: BackupName },
): Promise<Merged> {
  await lockDefinition(connection, table);
  const target = tableTarget(table);
  const primary = { name: table.name, names: table.primaryKey, columns: keyColumnsOf(table, table.primaryKey) };
  const keyOf = plainKeyReader(table, table.primaryKey);
  const references = table.foreignKeys
    .filter((key) => key.table !== table.name)
    .map((key) => referenceCheck(table, key));
  const counts = { rows: 0, added: 0, removed: 0, changed: 0 };
  let after: PlainRow | undefined;
  let storing = Promise.resolve();
  const merge = async (block: BlockRows, range: KeyRange) => {
    for (const reference of references) await reference.check(connection, block.rows);
    const { write, added, remove } = rowDifference(table, block.rows, await readRange(connection, table, range));
    counts.added += added;
    counts.changed += write.length - added;
    counts.removed += remove.length;
    await deleteKeys(connection, primary, remove.map(keyOf));
    await sendReplacing(store, connection, target, block.text(write), write.length);
  };
  try {
    for await (const block of backupBlocks(storage, table, backup)) {
      await storing;
      const last = block.rows.at(-1);
      storing = merge(block, { after, last });
      storing.catch(() => {});
      after = last;
      counts.rows += block.rows.length;
    }
    await storing;
    counts.removed += await deleteRange(connection, table, { after });
  } finally {
    // The connection must be free before the transaction is rolled back.
    await storing.catch(() => {});
  }
  if (table.columns.some(({ unique }) => unique)) await checkUnique(connection, table, counts.rows);
  const outgoing = references.map(({ broken }) => broken).filter(({ count }) => count > 0);
  rejectBroken([...outgoing, ...(await brokenIncoming(connection, table))]);
  return counts;
}

/** A row replaces another one with the same unique value, so the table has fewer rows than the file if two have it. */
async function checkUnique(connection: MysqlConnection, table: Table, rows: number): Promise<void> {
  const [found] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${identifier(table.name)}`);
  if (Number(found[0]?.count) === rows) return;
  const names = table.columns.filter(({ unique }) => unique).map(({ name }) => name);
  throw new IncompatibleFile(`several rows have the same ${names.join(" or ")}, which must be unique`);
}

const keyColumnsOf = (table: Table, names: readonly string[]) => names.map((name) => columnNamed(table, name));

/** How many keys are remembered to exist. */
const maxKnownKeys = 100_000;

/** Counts the rows that refer to no row of another table, and locks the rows that they refer to. */
function referenceCheck(table: Table, key: ForeignKey) {
  const keyOf = plainKeyReader(table, key.columns);
  const of = { name: key.table, names: key.references, columns: keyColumnsOf(table, key.columns) };
  const broken: BrokenReference = { from: table.name, key, count: 0 };
  let known = new Set<KeyValue>();
  return {
    broken,
    async check(connection: MysqlConnection, rows: readonly PlainRow[]): Promise<void> {
      const keys = rows.map(keyOf).filter((value) => value !== null && !known.has(value));
      if (keys.length === 0) return;
      const existing = await existingKeys(connection, of, keys, "shared");
      for (const value of keys) if (!existing.has(value)) broken.count++;
      known = known.size > maxKnownKeys ? existing : known.union(existing);
    },
  };
}
