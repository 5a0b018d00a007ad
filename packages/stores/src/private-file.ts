import { randomBytes } from "node:crypto";
import { chown, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { toWriteError } from "./write-error.ts";

/** Writes a file that only its owner can read, atomically: readers see the old text or the new. */
export async function writePrivate(
  file: string,
  text: string,
  owner?: { uid: number; gid: number } | undefined,
): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: "wx", flush: true });
    if (owner) await chown(draft, owner.uid, owner.gid);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw toWriteError(file, error);
  }
}

/** Creates a folder that only its owner can enter, if it does not exist. */
export async function createPrivateFolder(
  folder: string,
  owner: { uid: number; gid: number } | undefined,
): Promise<void> {
  await createFolders(folder, 0o700);
  if (owner) await chown(folder, owner.uid, owner.gid).catch((error) => Promise.reject(toWriteError(folder, error)));
}

/** Creates a folder and its missing parents; true when it did not exist. */
export async function createFolders(folder: string, mode: number): Promise<boolean> {
  try {
    await mkdir(folder, { mode });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await stat(folder)).isDirectory()) return false;
    if (code !== "ENOENT") throw toWriteError(folder, error);
    // mkdir's own `recursive` reports ENOENT for a read-only disk.
    await createFolders(dirname(folder), mode);
    return createFolders(folder, mode);
  }
}

/** The JSON of a file, or null when the file does not exist; throws an error that names it when it is damaged. */
export async function readJson<T>(file: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error instanceof SyntaxError ? new Error(`${file} is damaged: ${error.message}`) : error;
  }
}
