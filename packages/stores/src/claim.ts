import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "./location.ts";
import { tryLock } from "./lock.ts";
import { writePrivate } from "./private-file.ts";

/**
 * Claims a data folder for this process until release() or its end, however it ends, so that two do not run on one
 * folder. When another process has it, answers with that one's id.
 */
export async function claimDataDir(dataDir: string): Promise<{ release(): void } | { heldBy: string }> {
  await makeFolder(dataDir);
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

/** Whether a process has claimed this data folder; makes nothing. */
export function isClaimed(dataDir: string): boolean {
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
