import { gauge } from "@quintet/http";
import { findBackup, listBackupNames, removeBackup, statBackup } from "../backups/backup-files.ts";
import type { BackupName } from "../backups/backup-name.ts";

const backups = gauge("quintet_ingest_backups", "Number of backups.", ["table"], undefined, "max");
const bytes = gauge("quintet_ingest_backup_bytes", "Size of the backups in bytes.", ["table"], undefined, "max");

/**
 * Deletes the backups of each table that are older than its `keep` newest verified ones, and returns their names; none when `keep` is
 * 0. Damaged and unverified backups do not count, so that they do not displace a good one.
 */
export async function removeOldBackups(folder: string, keep: number): Promise<string[]> {
  const removed: string[] = [];
  const names = await listBackupNames(folder);
  for (const table of new Set(names.map((name) => name.table))) {
    const ofTable = names.filter((name) => name.table === table);
    if (keep === 0) continue;
    for (const old of await afterVerified(folder, ofTable, keep)) {
      if (await removeBackup(folder, old)) removed.push(old.name);
    }
  }
  return removed;
}

/** The backups after the `keep` newest verified ones. */
async function afterVerified(folder: string, names: BackupName[], keep: number): Promise<BackupName[]> {
  if (names.length <= keep) return [];
  let verified = 0;
  for (const [i, name] of names.entries()) {
    if (verified === keep) return names.slice(i);
    if ((await findBackup(folder, name))?.verified) verified++;
  }
  return [];
}

/** Updates the metrics of the number and size of the backups of each of these tables. */
export async function measureBackups(folder: string, tables: readonly string[]): Promise<void> {
  const names = await listBackupNames(folder);
  for (const table of tables) {
    const sizes = await Promise.all(
      names.filter((name) => name.table === table).map(async (name) => (await statBackup(folder, name))?.size ?? 0),
    );
    backups.set({ table }, sizes.length);
    bytes.set(
      { table },
      sizes.reduce((sum, size) => sum + size, 0),
    );
  }
}
