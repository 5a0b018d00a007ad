import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { BackupName } from "../backup-name.ts";
import { type Sidecar, sidecarText } from "../sidecar.ts";
import { sidecarDraftPath } from "./draft-name.ts";

/** The path of a backup's file. */
export function backupPath(folder: string, { name }: BackupName): string {
  return join(folder, name);
}

/** The path of a backup's sidecar. */
export function sidecarPath(folder: string, { name }: BackupName): string {
  return join(folder, `${name}.json`);
}

/** Writes the sidecar of a backup atomically. */
export async function writeSidecarFile(folder: string, name: BackupName, side: Sidecar): Promise<void> {
  const draft = sidecarDraftPath(folder, name);
  let file: FileHandle | undefined;
  try {
    file = await open(draft, "wx", 0o600);
    await file.writeFile(sidecarText(side, name));
    await file.sync();
    await file.close();
    await rename(draft, sidecarPath(folder, name));
  } catch (error) {
    await file?.close().catch(() => {});
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
}

/** Deletes a backup. The file goes first: a sidecar alone is ignored, and deleted at the next start. */
export async function removeFiles(folder: string, name: BackupName): Promise<void> {
  await rm(backupPath(folder, name), { force: true });
  await rm(sidecarPath(folder, name), { force: true });
  await syncFolder(folder);
}

/** Syncs a folder to disk, so that renames in it are durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
