import { rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** An error that explains in one line why a file or folder cannot be written; other errors are returned unchanged. */
export function toWriteError(path: string, error: unknown): unknown {
  const text = reason(path, error as NodeJS.ErrnoException);
  return text ? new Error(`Cannot write ${path}: ${text}`, { cause: error }) : error;
}

/** The same for a library that hides the system's error: finds it by writing a file in the same folder. */
export function diagnoseWriteError(file: string, error: unknown): unknown {
  const trial = join(dirname(file), `trial-${process.pid}`);
  try {
    writeFileSync(trial, "trial");
    return error;
  } catch (fault) {
    return toWriteError(file, fault);
  } finally {
    rmSync(trial, { force: true });
  }
}

function reason(path: string, { code }: NodeJS.ErrnoException): string | undefined {
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return "no space is left on its disk";
    case "EROFS":
      return "its disk is mounted read-only";
    case "EACCES":
    case "EPERM":
      return `${describeOwner(path)}, and this process is not allowed to`;
    case "EEXIST":
    case "ENOTDIR":
      return "a file is in the place of a folder";
    default:
      return undefined;
  }
}

/** The nearest existing folder, and its owner. */
function describeOwner(path: string): string {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      const { uid } = statSync(folder);
      return `${folder} belongs to ${uid === process.geteuid?.() ? "this user" : `user ${uid}`}`;
    } catch (error) {
      if (folder === dirname(folder) || (error as NodeJS.ErrnoException).code !== "ENOENT")
        return "it is not accessible";
    }
  }
}
