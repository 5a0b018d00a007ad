import { accessSync, constants, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Why a folder cannot be written to, or be made; undefined when it can. Changes nothing. */
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

/** Why lines cannot be added to a file, or it cannot be made; undefined when they can. Changes nothing. */
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

/** What is left on the disk of a folder that may yet have to be made, in bytes. */
export function freeBytes(path: string): number {
  const found = nearest(resolve(path));
  if ("code" in found) return 0;
  const { bavail, bsize } = statfsSync(found.path);
  return bavail * bsize;
}

/** What is there of a path: itself, or the lowest folder above it. */
function nearest(path: string): { path: string; isFolder: boolean } | { code: string } {
  for (let at = path; ; at = dirname(at)) {
    try {
      return { path: at, isFolder: statSync(at).isDirectory() };
    } catch (error) {
      const { code = "EIO" } = error as NodeJS.ErrnoException;
      // Below a file is nothing either; the file itself is found next.
      if (!["ENOENT", "ENOTDIR"].includes(code) || at === dirname(at)) return { code };
    }
  }
}
