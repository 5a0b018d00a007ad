import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { readBackupName } from "../backup-name.ts";
import { isOwnerAlive, readDraftName } from "./draft-name.ts";

/** How often a draft is touched while it is written. */
export const touchMs = 60_000;
/** A draft of another host that was not touched for this time is stale. */
const staleMs = 10 * touchMs;

/**
 * Deletes what killed processes have left in the backup folder: drafts, and sidecars without a backup. Files of running processes
 * stay.
 */
export async function removeStaleDrafts(folder: string): Promise<void> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const inProgress = new Set<string>();
  for (const file of files) {
    const draft = readDraftName(file);
    if (!draft) continue;
    if (await isInProgress(join(folder, file), draft.owner)) inProgress.add(draft.backup.name);
    else await rm(join(folder, file), { force: true });
  }
  for (const file of files) {
    const backup = file.endsWith(".json") ? readBackupName(file.slice(0, -".json".length)) : undefined;
    if (!backup || inProgress.has(backup.name)) continue;
    // A backup exists before its draft is gone, so a backup that was completed in the meantime is seen here.
    const state = await stat(join(folder, backup.name)).catch((error: NodeJS.ErrnoException) => error);
    if ("code" in state && state.code === "ENOENT") await rm(join(folder, file), { force: true });
  }
}

async function isInProgress(path: string, owner: Parameters<typeof isOwnerAlive>[0] | undefined): Promise<boolean> {
  if (owner === undefined) return false;
  const runs = isOwnerAlive(owner);
  if (runs !== undefined) return runs;
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Math.abs(Date.now() - found.mtimeMs) < staleMs;
}
