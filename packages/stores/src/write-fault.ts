import { rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** In one line why a file or folder cannot be written, from what the system said; any other error as it is. */
export function writeFault(path: string, error: unknown): unknown {
  const why = reason(path, error as NodeJS.ErrnoException);
  return why ? new Error(`Cannot write ${path}: ${why}`, { cause: error }) : error;
}

/** The same for a library that does not pass on what the system said: tries to write beside the file. */
export function writeFaultBeside(file: string, error: unknown): unknown {
  const trial = join(dirname(file), `trial-${process.pid}`);
  try {
    writeFileSync(trial, "trial");
    return error;
  } catch (fault) {
    return writeFault(file, fault);
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
      return `${whoseIs(path)}, and this process is not allowed to`;
    case "EEXIST":
    case "ENOTDIR":
      return "a file lies where a folder is needed";
    default:
      return undefined;
  }
}

/** The nearest folder that is there, and its owner. */
function whoseIs(path: string): string {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      const { uid } = statSync(folder);
      return `${folder} belongs to ${uid === process.geteuid?.() ? "this user" : `user ${uid}`}`;
    } catch (error) {
      if (folder === dirname(folder) || (error as NodeJS.ErrnoException).code !== "ENOENT") return "it is closed";
    }
  }
}
