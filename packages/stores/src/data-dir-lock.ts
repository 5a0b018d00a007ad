import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createSharedFolder } from "./location.ts";
import { tryLock } from "./lock.ts";
import { writePrivate } from "./private-file.ts";

/**
 * Locks a data folder for this process, so that no second one runs on it. The lock ends with release() or with the
 * process, even after a crash. When another process holds it, returns that process's id.
 */
export async function lockDataDir(dataDir: string): Promise<{ release(): void } | { heldBy: string }> {
  await createSharedFolder(dataDir);
  const pidFile = join(dataDir, "start.pid");
  const lock = tryLock(join(dataDir, "start.lock"));
  if (!lock) return { heldBy: (await readFile(pidFile, "utf8").catch(() => "unknown")).trim() };
  try {
    await writePrivate(pidFile, `${process.pid}\n`);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Whether a process holds the lock of this data folder. Creates no files. */
export function isDataDirLocked(dataDir: string): boolean {
  const file = join(dataDir, "start.lock");
  if (!existsSync(file)) return false;
  try {
    const lock = tryLock(file);
    lock?.release();
    return lock === null;
  } catch {
    return false;
  }
}
