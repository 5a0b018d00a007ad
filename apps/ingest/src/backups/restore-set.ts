import { findProcessed, type MysqlConnection, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type InputFault, type KeyedRequest, Problem } from "@quintet/http";
import { type BulkStore, doneTable, inBulkTransaction, inRevertedTransaction } from "../store/bulk-store.ts";
import { type BrokenReference, brokenIncoming } from "../store/references.ts";
import { rejectBroken } from "../store/whole-table.ts";
import { lockDefinition } from "../tables/definitions.ts";
import type { Table } from "../tables/table.ts";
import type { Tables } from "../tables/tables.ts";
import { DamagedFile, IncompatibleFile } from "./avro/byte-source.ts";
import { listBackupNames } from "./backup-files.ts";
import { type BackupName, readBackupName } from "./backup-name.ts";
import { type Merged, mergeBackup } from "./merge-backup.ts";
import { checkFields } from "./read-backup.ts";
import { cannotRead, checkBackup, withKept } from "./restore.ts";
import { type BackupStorage, StorageFailed } from "./storage.ts";

/** Which set: by its id, the latest complete one, or the latest complete one at or before a time (ISO 8601). */
export type SetChoice = { set: string } | { timestamp?: string | undefined };

/** The tables of a set, each with its backup and what a restore did to its rows, or would do. */
export interface RestoredSet {
  set: string;
  dryRun?: true;
  tables: ({ table: string; backup: string } & Merged)[];
}

/** What restores work with. */
export interface RestoreDeps {
  store: BulkStore;
  storage: BackupStorage;
  tables: Pick<Tables, "find">;
}

/** A backup and the table that becomes it. */
interface Part {
  table: Table;
  backup: BackupName;
}

/** The backups of a set by name, which may have been deleted since. */
export interface BackupsOfSet {
  id: string;
  backups: BackupName[];
}

/** The chosen set, which has none of the backups of `tried`; `undefined` when there is none. */
export async function findSet(
  storage: BackupStorage,
  choice: SetChoice,
  tried: ReadonlySet<string> = new Set(),
): Promise<BackupsOfSet | undefined> {
  const until =
    "set" in choice || choice.timestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(choice.timestamp);
  const names = await listBackupNames(storage);
  const stored = new Set(names.map(({ name }) => name));
  const seen = new Set(tried);
  for (const name of names) {
    if (seen.has(name.name) || Date.parse(name.createdAt) > until) continue;
    const set = (await storage.readSidecar(name))?.set;
    if (!set) continue;
    for (const other of set.backups) seen.add(other);
    const isWanted = "set" in choice ? set.id === choice.set : set.backups.every((each) => stored.has(each));
    if (isWanted) return { id: set.id, backups: set.backups.flatMap((each) => readBackupName(each) ?? []) };
  }
  return undefined;
}

/**
 * Makes all tables of a set what its backups hold, in one transaction: readers see the old rows of all tables until it commits, and a process
 * that is killed has changed nothing. Tables that are not in the set stay as they are. With `dryRun` all of it is taken back. Throws a 404
 * when there is no such set, and a 409 that names each table that does not fit, is damaged or gone, or whose references would break;
 * nothing is changed then. Runs once per Idempotency-Key.
 */
export async function restoreSet(
  { store, storage, tables }: RestoreDeps,
  choice: SetChoice,
  { dryRun, request }: { dryRun: boolean; request?: KeyedRequest | undefined },
): Promise<RestoredSet> {
  const before = await findProcessed<RestoredSet>(mysqlProcessedRequests(store.pool, doneTable), request);
  if (before) return before;
  const restoreFrom = async (set: BackupsOfSet): Promise<RestoredSet> => {
    const parts = parentsFirst(await checkedParts({ storage, tables }, set));
    const merge = (connection: MysqlConnection) => mergeSet(store, connection, storage, parts);
    const once = (work: (connection: MysqlConnection) => Promise<RestoredSet>) =>
      inBulkTransaction(store, (connection) =>
        runOnce(mysqlProcessedRequests(connection, doneTable), request, () => work(connection)),
      );
    if (!dryRun) return once(async (connection) => ({ set: set.id, tables: await merge(connection) }));
    const found = await inRevertedTransaction(store, merge);
    // What was taken back also took back the record of the request.
    return once(async () => ({ set: set.id, dryRun: true, tables: found }));
  };
  const choose = async (tried?: ReadonlySet<string>) => {
    const set = await findSet(storage, choice, tried);
    if (!set) throw new Problem("not-found", "There is no such set of backups.");
    return set;
  };
  try {
    return await ("set" in choice ? restoreFrom(await choose()) : withKept(storage, choose, restoreFrom));
  } catch (error) {
    throw error instanceof StorageFailed ? cannotRead(error) : error;
  }
}

/** The backups of a set with their tables, checked before anything is changed. Throws a 409 that names all that do not fit. */
async function checkedParts(
  { storage, tables }: Pick<RestoreDeps, "storage" | "tables">,
  { backups }: BackupsOfSet,
): Promise<Part[]> {
  const parts: Part[] = [];
  const faults: InputFault[] = [];
  for (const backup of backups) {
    const fault = await faultOf(backup, async () => {
      const table = await tables.find(backup.table);
      if (!table) return "the table was deleted";
      if (!(await storage.stat(backup))) return `${backup.name} was deleted`;
      await checkFields(storage, table, backup);
      await checkBackup(storage, table, backup);
      parts.push({ table, backup });
      return undefined;
    });
    if (fault !== undefined) faults.push({ path: backup.table, message: fault });
  }
  if (faults.length > 0) throw misfit(faults);
  return parts;
}

/** The fault that `work` finds, or that its error says of the backup; `undefined` when there is none. Throws all other errors. */
async function faultOf({ name }: BackupName, work: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof IncompatibleFile) return `${name} does not fit the table: ${error.message}`;
    if (error instanceof DamagedFile) return `${name} is damaged: ${error.message}`;
    throw error;
  }
}

function misfit(errors: InputFault[]): Problem {
  const detail = errors.map(({ path, message }) => `${path}: ${message}`).join("; ");
  return new Problem("conflict", `Nothing was changed. ${detail.replace(/\.$/, "")}.`, { errors });
}

/** Each table after those that it refers to, so that locks are taken in the order in which loads take them. */
function parentsFirst(parts: readonly Part[]): Part[] {
  const sorted = new Set<Part>();
  const begun = new Set<Part>();
  const visit = (part: Part) => {
    if (begun.has(part)) return;
    begun.add(part);
    for (const key of part.table.foreignKeys) {
      for (const other of parts) if (other.table.name === key.table) visit(other);
    }
    sorted.add(part);
  };
  for (const part of parts) visit(part);
  return [...sorted];
}

async function mergeSet(
  store: BulkStore,
  connection: MysqlConnection,
  storage: BackupStorage,
  parts: readonly Part[],
): Promise<RestoredSet["tables"]> {
  const restored = parts.map(({ table }) => table.name);
  for (const { table } of parts) await lockDefinition(connection, table);
  const found: RestoredSet["tables"] = [];
  const broken: BrokenReference[] = [];
  for (const { table, backup } of parts) {
    const fault = await faultOf(backup, async () => {
      const merged = await mergeBackup(store, connection, table, { storage, backup, restored });
      found.push({ table: table.name, backup: backup.name, ...merged.counts });
      broken.push(...merged.broken);
      return undefined;
    });
    if (fault !== undefined) throw misfit([{ path: table.name, message: fault }]);
  }
  for (const { table } of parts) broken.push(...(await brokenIncoming(connection, table)));
  rejectBroken(broken);
  return found;
}
