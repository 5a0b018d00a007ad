import { accessSync, constants, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Why a folder cannot be written to or created; undefined when it can. Changes nothing. */
export function folderFault(path: string): string | undefined {
  const found = nearest(resolve(path));
  if ("code" in found) return `${path} cannot be accessed (${found.code})`;
  if (!found.isFolder) return `${found.path} is not a folder`;
  try {
    accessSync(found.path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `${found.path} ${code === "EROFS" ? "is on a read-only file system" : "is not writable by this user"}`;
  }
  return undefined;
}

/** Why a file cannot be appended to or created; undefined when it can. Changes nothing. */
export function fileFault(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return folderFault(dirname(resolve(path)));
  if (found.isDirectory()) return `${path} is a folder`;
  try {
    accessSync(path, constants.W_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `${path} ${code === "EROFS" ? "is on a read-only file system" : "is not writable by this user"}`;
  }
}

/** The free space on the disk of a folder, in bytes; the folder need not exist. */
export function freeBytes(path: string): number {
  const found = nearest(resolve(path));
  if ("code" in found) return 0;
  const { bavail, bsize } = statfsSync(found.path);
  return bavail * bsize;
}

/** The path itself when it exists, otherwise its nearest parent that does. */
function nearest(path: string): { path: string; isFolder: boolean } | { code: string } {
  for (let at = path; ; at = dirname(at)) {
    try {
      return { path: at, isFolder: statSync(at).isDirectory() };
    } catch (error) {
      const { code = "EIO" } = error as NodeJS.ErrnoException;
      // A path below a file does not exist either; the file itself is found next.
      if (!["ENOENT", "ENOTDIR"].includes(code) || at === dirname(at)) return { code };
    }
  }
}
