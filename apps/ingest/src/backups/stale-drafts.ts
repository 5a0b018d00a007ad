import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { readBackupName } from "./backup-name.ts";
import { isOwnerAlive, readDraftName } from "./draft-name.ts";

/** A draft is touched so often while it is written. */
export const touchMs = 60_000;
/** One of another machine that was not touched for so long is nobody's. */
const staleMs = 10 * touchMs;

/**
 * Removes what processes that were killed have left in the folder of the backups: drafts, and side files whose backup never came
 * or is gone. What a running process writes stays, whichever it is.
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
    // A backup is there before its draft is gone, so that one which was finished meanwhile is seen here.
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
