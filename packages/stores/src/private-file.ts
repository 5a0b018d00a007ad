import { randomBytes } from "node:crypto";
import { chown, mkdir, readFile, rename, writeFile } from "node:fs/promises";

/** Writes a file that only its owner may read; a reader sees the old text or the new, never a part. */
export async function writePrivate(
  file: string,
  text: string,
  owner?: { uid: number; gid: number } | undefined,
): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(draft, text, { mode: 0o600, flag: "wx", flush: true });
  if (owner) await chown(draft, owner.uid, owner.gid);
  await rename(draft, file);
}

/** Makes a folder that only its owner may enter, if it is not there yet. */
export async function makePrivateFolder(
  folder: string,
  owner: { uid: number; gid: number } | undefined,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (owner) await chown(folder, owner.uid, owner.gid);
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
