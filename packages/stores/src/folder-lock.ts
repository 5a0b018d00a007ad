import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";

// macOS, open(2): takes the lock on opening, and fails rather than waits.
const DARWIN_LOCK = 0x20 | 0x04;

/**
 * Takes the lock of a folder (flock(2)) and returns its open descriptor, or null while another has it. The lock lasts
 * until the last process that has this descriptor, here and in whatever was started with it, has closed it or ended.
 * It is the folder's own: a link or a bind mount leads to the same lock, a copy of the folder has another.
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
  const why = isMissing ? "flock is not on this machine; install util-linux" : (error?.message ?? stderr.trim());
  throw new Error(`Cannot lock ${folder}: ${why}`);
}

/** True while another open descriptor has the lock of a folder; a folder that is not there has none. */
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
