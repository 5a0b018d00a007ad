import type { Stats } from "node:fs";
import { type FileHandle, open, readdir, rm, stat } from "node:fs/promises";
import { deadline, keyHours, Problem } from "@quintet/http";
import type { Table } from "../tables.ts";
import { type BackupName, backupPath, readBackupName } from "./backup-name.ts";
import { scanFile } from "./read-backup.ts";
import { readSidecar, type Sidecar, sidecarPath, syncFolder, writeSidecar } from "./sidecar.ts";

/** A backup as clients see it. */
export interface Backup extends BackupName {
  /** `null` while it is not known. */
  rows: number | null;
  bytes: number;
  /** Of the whole file, in hex; `null` while it is not known. */
  sha256: string | null;
  /** Whether the check sum was written down when the backup was made, or all of its rows were read and checked since. */
  verified: boolean;
  /** Why it is not. */
  unverifiedReason?: string;
}

/** So long a list waits for what has to be learned from files. */
const maxScanWaitMs = 2000;

/** The names of all backups in a folder, newest first. The files themselves are the truth; a folder that is not there has none. */
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

/** The backups of those names, but for those that are gone. What takes long to learn of a file is left out. */
export async function findBackups(folder: string, names: readonly BackupName[]): Promise<Backup[]> {
  const found = await Promise.all(names.map((name) => findBackup(folder, name)));
  return found.filter((backup) => backup !== undefined);
}

/** The backup of that name; `undefined` when its file is gone. Waits 2 s at most for what is not known of it. */
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

/** What is known of a backup's file, when that is not what was written down. */
function unverifiedReasonOf({ bytes, learned }: Sidecar, { size }: Stats): string | undefined {
  if (!learned) return bytes === size ? undefined : `It is damaged: it had ${bytes} bytes when it was created.`;
  if (learned.fault !== undefined) return learned.fault;
  return learned.checked
    ? undefined
    : "Its checksum was computed from the file later, not when the backup was created.";
}

/** The state of a backup's file; `undefined` when there is none, or something else has that name. */
export async function statBackup(folder: string, name: BackupName): Promise<Stats | undefined> {
  try {
    const found = await stat(backupPath(folder, name));
    return found.isFile() ? found : undefined;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(String((error as NodeJS.ErrnoException).code))) return undefined;
    throw error;
  }
}

/** Opens a backup's file to read it. 404 when it is gone, 503 when it cannot be read. */
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

/** What is written down of a backup, or else learned from its file. */
export async function sidecarOf(folder: string, name: BackupName, file: Stats): Promise<Sidecar> {
  const side = await readSidecar(folder, name);
  if (side && !side.learned) return side;
  // What was learned holds as long as the file is as it was.
  if (side?.learned && side.bytes === file.size && side.learned.mtimeMs === file.mtimeMs) return side;
  const path = backupPath(folder, name);
  const running = scans.get(path) ?? scan(folder, name);
  scans.set(path, running);
  return running.finally(() => scans.delete(path));
}

const scans = new Map<string, Promise<Sidecar>>();
let before: Promise<unknown> = Promise.resolve();

/** Learns of a file what is written down beside other backups; one file at a time, however many are asked for. */
function scan(folder: string, name: BackupName): Promise<Sidecar> {
  const survey = async () => {
    const file = await stat(backupPath(folder, name));
    const { fault, ...found } = await scanFile(backupPath(folder, name));
    const learned = { mtimeMs: file.mtimeMs, checked: false, ...(fault === undefined ? {} : { fault }) };
    const side = { ...found, bytes: file.size, learned };
    // A folder that cannot be written to costs the same work the next time.
    await writeSidecar(folder, name, side).catch(() => {});
    return side;
  };
  const learned = before.then(survey);
  before = learned.catch(() => {});
  return learned;
}

/** Writes down that all rows of a backup were read and are sound, of which nothing was known before. */
export async function markChecked(folder: string, name: BackupName, side: Sidecar): Promise<void> {
  if (!side.learned) return;
  await writeSidecar(folder, name, { ...side, learned: { ...side.learned, checked: true } }).catch(() => {});
}

/**
 * The backup that was made for a keyed request whose process was killed before it could record that; `now` is the time by MySQL. Only
 * names of the last days are looked at, which another clock has given.
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

/** Removes a backup; whether there was one. The file goes first: what is beside it alone is nothing, and is removed at the next start. */
export async function removeBackup(folder: string, name: BackupName): Promise<boolean> {
  if (!(await statBackup(folder, name))) return false;
  await rm(backupPath(folder, name), { force: true });
  await rm(sidecarPath(folder, name), { force: true });
  await syncFolder(folder);
  return true;
}
