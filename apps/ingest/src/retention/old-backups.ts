import { gauge } from "@quintet/http";
import type { Backup } from "../backups/backup.ts";
import { findBackup, listBackupNames } from "../backups/backup-files.ts";
import type { BackupName } from "../backups/backup-name.ts";
import type { BackupStorage } from "../backups/storage.ts";

const backups = gauge("quintet_ingest_backups", "Number of backups.", ["table"], undefined, "max");
const bytes = gauge("quintet_ingest_backup_bytes", "Size of the backups in bytes.", ["table"], undefined, "max");

const dayMs = 86_400_000;

/** Which backups are kept; 0: no limit. */
export interface BackupLimits {
  /** How many verified backups of each table. */
  keep: number;
  /** For how many days. The newest verified backup of each table is kept longer. */
  days: number;
}

/**
 * Deletes the backups of each table beyond the limits, and returns their names. Damaged and unverified backups do not count, so that
 * they do not displace a good one. A set loses no part of itself while another part of it is kept.
 */
export async function removeOldBackups(
  storage: BackupStorage,
  limits: BackupLimits,
  now = Date.now(),
): Promise<string[]> {
  if (limits.keep === 0 && limits.days === 0) return [];
  const byTable = Map.groupBy(await listBackupNames(storage), (name) => name.table);
  const old = new Map<string, BackupName>();
  const kept = new Set<string>();
  const sets = new Map<string, string>();
  for (const names of byTable.values()) {
    let verified = 0;
    for (const name of names) {
      const isOld =
        (limits.keep > 0 && verified >= limits.keep) ||
        (limits.days > 0 && verified > 0 && Date.parse(name.createdAt) < now - limits.days * dayMs);
      const found: Backup | undefined = await findBackup(storage, name);
      if (!found) continue;
      if (found.set !== undefined) sets.set(name.name, found.set);
      if (isOld) old.set(name.name, name);
      else if (found.set !== undefined) kept.add(found.set);
      if (found.verified) verified++;
    }
  }
  const removed: string[] = [];
  for (const name of old.values()) {
    const set = sets.get(name.name);
    if (set !== undefined && kept.has(set)) continue;
    if (await storage.remove(name)) removed.push(name.name);
  }
  return removed;
}

/** Updates the metrics of the number and size of the backups of each table. */
export async function measureBackups(storage: BackupStorage): Promise<void> {
  const byTable = Map.groupBy(await listBackupNames(storage), (name) => name.table);
  backups.reset();
  bytes.reset();
  for (const [table, names] of byTable) {
    const sizes = await Promise.all(names.map(async (name) => (await storage.stat(name))?.size ?? 0));
    backups.set({ table }, sizes.length);
    bytes.set(
      { table },
      sizes.reduce((sum, size) => sum + size, 0),
    );
  }
}
