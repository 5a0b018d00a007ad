import { randomBytes } from "node:crypto";
import { chown, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { writeFault } from "./write-fault.ts";

/** Writes a file that only its owner may read; a reader sees the old text or the new, never a part. */
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
    throw writeFault(file, error);
  }
}

/** Makes a folder that only its owner may enter, if it is not there yet. */
export async function makePrivateFolder(
  folder: string,
  owner: { uid: number; gid: number } | undefined,
): Promise<void> {
  await makeFolders(folder, 0o700);
  if (owner) await chown(folder, owner.uid, owner.gid).catch((error) => Promise.reject(writeFault(folder, error)));
}

/** Makes a folder and those above it that are not there yet; true when it was not there. */
export async function makeFolders(folder: string, mode: number): Promise<boolean> {
  try {
    await mkdir(folder, { mode });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await stat(folder)).isDirectory()) return false;
    if (code !== "ENOENT") throw writeFault(folder, error);
    // Not by mkdir's own `recursive`, which says ENOENT of a disk that is read-only.
    await makeFolders(dirname(folder), mode);
    return makeFolders(folder, mode);
  }
}

/** The JSON that a file holds, or null when the file is absent; throws with its name when it is damaged. */
export async function readJson<T>(file: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error instanceof SyntaxError ? new Error(`${file} is damaged: ${error.message}`) : error;
  }
}
