import { deadline, keyHours } from "@quintet/http";
import { type Backup, madeBackup } from "./backup.ts";
import type { BackupName } from "./backup-name.ts";
import { scanFile } from "./read-backup.ts";
import type { Sidecar } from "./sidecar.ts";
import type { BackupStorage, StoredFile } from "./storage.ts";

/** How long a list waits for files that must be read. */
const maxScanWaitMs = 2000;

/** The names of all backups, newest first. */
export async function listBackupNames(storage: BackupStorage): Promise<BackupName[]> {
  const names = await storage.names();
  return names.sort((a, b) => compare(b.createdAt, a.createdAt) || compare(b.name, a.name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The backups with these names, without deleted ones. Details that take long to read from a file are left out. */
export async function findBackups(storage: BackupStorage, names: readonly BackupName[]): Promise<Backup[]> {
  const found = await Promise.all(names.map((name) => findBackup(storage, name)));
  return found.filter((backup) => backup !== undefined);
}

/**
 * The backup with that name; `undefined` when its file does not exist. Waits at most 2 s for details that must be read from the
 * file.
 */
export async function findBackup(storage: BackupStorage, name: BackupName): Promise<Backup | undefined> {
  const file = await storage.stat(name);
  if (!file) return undefined;
  const unknown = { ...name, bytes: file.size, rows: null, sha256: null, verified: false };
  try {
    const side = await deadline(sidecarOf(storage, name, file), maxScanWaitMs, () => undefined);
    if (!side) return { ...unknown, unverifiedReason: "Its checksum is still being computed." };
    const unverifiedReason = unverifiedReasonOf(side, file);
    const known = madeBackup(name, { ...side, bytes: file.size });
    return unverifiedReason === undefined ? known : { ...known, verified: false, unverifiedReason };
  } catch {
    if (!(await storage.stat(name))) return undefined;
    return { ...unknown, unverifiedReason: "It cannot be read." };
  }
}

/** Why a backup is not verified; `undefined` when it is. */
function unverifiedReasonOf({ bytes, learned }: Sidecar, { size }: StoredFile): string | undefined {
  if (!learned) return bytes === size ? undefined : `It is damaged: it had ${bytes} bytes when it was created.`;
  if (learned.fault !== undefined) return learned.fault;
  return learned.checked
    ? undefined
    : "Its checksum was computed from the file later, not when the backup was created.";
}

/** The sidecar of a backup, or the same details read from the file. */
export async function sidecarOf(storage: BackupStorage, name: BackupName, file: StoredFile): Promise<Sidecar> {
  const side = await storage.readSidecar(name);
  if (side && !side.learned) return side;
  // Details read from the file are valid as long as it does not change.
  if (side?.learned && side.bytes === file.size && side.learned.mtimeMs === file.mtimeMs) return side;
  const ofStorage = scansOf(storage);
  const running = ofStorage.get(name.name) ?? scan(storage, name);
  ofStorage.set(name.name, running);
  return running.finally(() => ofStorage.delete(name.name));
}

const scans = new WeakMap<BackupStorage, Map<string, Promise<Sidecar>>>();
let before: Promise<unknown> = Promise.resolve();

function scansOf(storage: BackupStorage): Map<string, Promise<Sidecar>> {
  const found = scans.get(storage) ?? new Map<string, Promise<Sidecar>>();
  scans.set(storage, found);
  return found;
}

/** Reads the details of a file that has no sidecar; one file at a time. */
function scan(storage: BackupStorage, name: BackupName): Promise<Sidecar> {
  const survey = async () => {
    const file = await storage.stat(name);
    if (!file) throw new Error(`${name.name} was deleted.`);
    const { fault, ...found } = await scanFile(storage, name);
    const learned = { mtimeMs: file.mtimeMs, checked: false, ...(fault === undefined ? {} : { fault }) };
    const side = { ...found, bytes: file.size, learned };
    // If the storage is not writable, the file is read again next time.
    await storage.writeSidecar(name, side).catch(() => {});
    return side;
  };
  const learned = before.then(survey);
  before = learned.catch(() => {});
  return learned;
}

/** Records that all rows of an unverified backup were read and are valid. */
export async function markChecked(storage: BackupStorage, name: BackupName, side: Sidecar): Promise<void> {
  if (!side.learned) return;
  await storage.writeSidecar(name, { ...side, learned: { ...side.learned, checked: true } }).catch(() => {});
}

/**
 * The backups that were created for a request with this key by a process that was killed before it recorded that; `now` is MySQL's
 * time. Checks only names of the last days; their times come from another clock.
 */
export async function findBackupsOfRequest(
  storage: BackupStorage,
  { key, now }: { key: string; now: Date },
  table?: string,
): Promise<Backup[]> {
  const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();
  const found: Backup[] = [];
  for (const name of await listBackupNames(storage)) {
    if (name.createdAt < hoursAgo(2 * keyHours)) break;
    if (table !== undefined && name.table !== table) continue;
    const side = await storage.readSidecar(name);
    if (side?.request !== key || (side.requestedAt ?? name.createdAt) <= hoursAgo(keyHours)) continue;
    const backup = await findBackup(storage, name);
    if (backup) found.push(backup);
  }
  return found;
}
