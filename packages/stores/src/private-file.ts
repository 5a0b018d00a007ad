import { randomBytes } from "node:crypto";
import { chown, readFile, rename, writeFile } from "node:fs/promises";

/** Writes a file that only its owner may read; a reader sees the old text or the new, never a part. */
export async function writePrivate(file: string, text: string, owner?: { uid: number; gid: number }): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(draft, text, { mode: 0o600, flag: "wx" });
  if (owner) await chown(draft, owner.uid, owner.gid);
  await rename(draft, file);
}

/** The JSON that a file holds, or null when the file is absent or was cut off. */
export async function readJson<T>(file: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as T;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
