import type { Stats } from "node:fs";
import { type FileHandle, open, readdir, rm, stat } from "node:fs/promises";
import { deadline, keyHours, Problem } from "@quintet/http";
import type { Table } from "../tables/table.ts";
import { type BackupName, backupPath, readBackupName } from "./backup-name.ts";
import { scanFile } from "./read-backup.ts";
import { readSidecar, type Sidecar, sidecarPath, syncFolder, writeSidecar } from "./sidecar.ts";

/** A backup as in responses. */
export interface Backup extends BackupName {
  /** `null` while it is unknown. */
  rows: number | null;
  bytes: number;
  /** SHA-256 of the whole file in hex; `null` while it is unknown. */
  sha256: string | null;
  /** Whether the checksum was stored when the backup was created, or all rows have been read and checked since. */
  verified: boolean;
  /** Why the backup is not verified. */
  unverifiedReason?: string;
}

/** How long a list waits for files that must be read. */
const maxScanWaitMs = 2000;

/** The names of all backups in a folder, newest first; none if the folder does not exist. */
export async function listBackupNames(folder: string): Promise<BackupName[]> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new Problem("unavailable", "The backup folder cannot be read at the moment.", { cause: error });
  });
  return files
    .flatMap((file) => readBackupName(file) ?? [])
    .sort((a, b) => compare(b.createdAt, a.createdAt) || compare(b.name, a.name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The backups with these names, without deleted ones. Details that take long to read from a file are left out. */
export async function findBackups(folder: string, names: readonly BackupName[]): Promise<Backup[]> {
  const found = await Promise.all(names.map((name) => findBackup(folder, name)));
  return found.filter((backup) => backup !== undefined);
}

/**
 * The backup with that name; `undefined` when its file does not exist. Waits at most 2 s for details that must be read from the
 * file.
 */
export async function findBackup(folder: string, name: BackupName): Promise<Backup | undefined> {
  const file = await statBackup(folder, name);
  if (!file) return undefined;
  const unknown = { ...name, bytes: file.size, rows: null, sha256: null, verified: false };
  try {
    const side = await deadline(sidecarOf(folder, name, file), maxScanWaitMs, () => undefined);
    if (!side) return { ...unknown, unverifiedReason: "Its checksum is still being computed." };
    const unverifiedReason = unverifiedReasonOf(side, file);
    const { rows, sha256 } = side;
    const known = { ...name, rows, bytes: file.size, sha256, verified: unverifiedReason === undefined };
    return unverifiedReason === undefined ? known : { ...known, unverifiedReason };
  } catch {
    return { ...unknown, unverifiedReason: "It cannot be read." };
  }
}

/** Why a backup is not verified; `undefined` when it is. */
function unverifiedReasonOf({ bytes, learned }: Sidecar, { size }: Stats): string | undefined {
  if (!learned) return bytes === size ? undefined : `It is damaged: it had ${bytes} bytes when it was created.`;
  if (learned.fault !== undefined) return learned.fault;
  return learned.checked
    ? undefined
    : "Its checksum was computed from the file later, not when the backup was created.";
}

/** The stats of a backup's file; `undefined` when there is none or it is not a regular file. */
export async function statBackup(folder: string, name: BackupName): Promise<Stats | undefined> {
  try {
    const found = await stat(backupPath(folder, name));
    return found.isFile() ? found : undefined;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(String((error as NodeJS.ErrnoException).code))) return undefined;
    throw error;
  }
}

/** Opens a backup's file for reading. Throws a 404 when it does not exist, a 503 when it cannot be read. */
export async function openBackup(folder: string, name: BackupName): Promise<FileHandle> {
  try {
    return await open(backupPath(folder, name), "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw new Problem("not-found", "Backup not found.", { cause: error });
    }
    throw new Problem("unavailable", "The backup file cannot be read at the moment.", { cause: error });
  }
}

/** The sidecar of a backup, or the same details read from the file. */
export async function sidecarOf(folder: string, name: BackupName, file: Stats): Promise<Sidecar> {
  const side = await readSidecar(folder, name);
  if (side && !side.learned) return side;
  // Details read from the file are valid as long as it does not change.
  if (side?.learned && side.bytes === file.size && side.learned.mtimeMs === file.mtimeMs) return side;
  const path = backupPath(folder, name);
  const running = scans.get(path) ?? scan(folder, name);
  scans.set(path, running);
  return running.finally(() => scans.delete(path));
}

const scans = new Map<string, Promise<Sidecar>>();
let before: Promise<unknown> = Promise.resolve();

/** Reads the details of a file that has no sidecar; one file at a time. */
function scan(folder: string, name: BackupName): Promise<Sidecar> {
  const survey = async () => {
    const file = await stat(backupPath(folder, name));
    const { fault, ...found } = await scanFile(backupPath(folder, name));
    const learned = { mtimeMs: file.mtimeMs, checked: false, ...(fault === undefined ? {} : { fault }) };
    const side = { ...found, bytes: file.size, learned };
    // If the folder is not writable, the file is read again next time.
    await writeSidecar(folder, name, side).catch(() => {});
    return side;
  };
  const learned = before.then(survey);
  before = learned.catch(() => {});
  return learned;
}

/** Records that all rows of an unverified backup were read and are valid. */
export async function markChecked(folder: string, name: BackupName, side: Sidecar): Promise<void> {
  if (!side.learned) return;
  await writeSidecar(folder, name, { ...side, learned: { ...side.learned, checked: true } }).catch(() => {});
}

/**
 * The backup that was created for a request with this key by a process that was killed before it recorded that; `now` is MySQL's time.
 * Checks only names of the last days; their times come from another clock.
 */
export async function findBackupOfRequest(
  folder: string,
  table: Table,
  { key, now }: { key: string; now: Date },
): Promise<Backup | undefined> {
  const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();
  for (const name of await listBackupNames(folder)) {
    if (name.createdAt < hoursAgo(2 * keyHours)) return undefined;
    const side = name.table === table.name ? await readSidecar(folder, name) : undefined;
    if (side?.request === key && (side.requestedAt ?? name.createdAt) > hoursAgo(keyHours)) {
      return findBackup(folder, name);
    }
  }
  return undefined;
}

/** Deletes a backup. Whether there was one. The file goes first: a sidecar alone is ignored, and deleted at the next start. */
export async function removeBackup(folder: string, name: BackupName): Promise<boolean> {
  if (!(await statBackup(folder, name))) return false;
  await rm(backupPath(folder, name), { force: true });
  await rm(sidecarPath(folder, name), { force: true });
  await syncFolder(folder);
  return true;
}
