import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";

// macOS, open(2): O_EXLOCK | O_NONBLOCK locks on opening, and fails instead of waiting.
const DARWIN_LOCK = 0x20 | 0x04;

/**
 * Locks a folder (flock(2)) and returns its open descriptor, or null while another descriptor holds the lock. The lock
 * lasts until every process that has this descriptor, including child processes that inherited it, has closed it or
 * exited. It belongs to the folder itself: a link or a bind mount leads to the same lock, a copy has another.
 */
export function lockFolder(folder: string): number | null {
  if (process.platform === "darwin") return openLocked(folder);
  const descriptor = openSync(folder, "r");
  const { status, error, stderr } = spawnSync("flock", ["--nonblock", "3"], {
    stdio: ["ignore", "ignore", "pipe", descriptor],
    encoding: "utf8",
  });
  if (status === 0) return descriptor;
  closeSync(descriptor);
  if (status === 1) return null;
  const isMissing = (error as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
  const why = isMissing ? "flock is not installed; install util-linux" : (error?.message ?? stderr.trim());
  throw new Error(`Cannot lock ${folder}: ${why}`);
}

/** True while another open descriptor holds the lock of a folder; false when the folder does not exist. */
export function isLocked(folder: string): boolean {
  try {
    const descriptor = lockFolder(folder);
    if (descriptor !== null) closeSync(descriptor);
    return descriptor === null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function openLocked(folder: string): number | null {
  try {
    return openSync(folder, DARWIN_LOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return null;
    throw error;
  }
}
