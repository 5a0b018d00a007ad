import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { readJson } from "../private-file.ts";
import type { DumpedStore } from "./dumps.ts";

/** `manifest.json` of a backup: what it holds and of when. It is written last. */
export interface Manifest {
  /** The form of the backup; goes up when an older version could not read it. */
  format: number;
  /** When the backup was begun and completed, in ISO 8601. Each store's data is of one moment between the two. */
  begun: string;
  completed: string;
  stores: Partial<Record<DumpedStore, DumpFile & { version: string }>>;
  /** Whether the secrets and the folder of ingest's backups are there. */
  secrets: boolean;
  backups: boolean;
}

interface DumpFile {
  file: string;
  bytes: number;
  sha256: string;
}

export const FORMAT = 1;

export async function describeFile(folder: string, file: string): Promise<DumpFile> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(join(folder, file))) hash.update(chunk);
  return { file, bytes: (await stat(join(folder, file))).size, sha256: hash.digest("hex") };
}

/** The manifest of a backup, after each file that it names was compared with it. Throws with what is wrong. */
export async function checkedManifest(folder: string): Promise<Manifest> {
  const manifest = await readJson<Manifest>(join(folder, "manifest.json"));
  if (!manifest) throw new Error(`${folder} is no backup: it has no manifest.json`);
  if (!(manifest.format <= FORMAT))
    throw new Error(`${folder} was made by a later version of Quintet: restore it by that`);
  for (const known of Object.values(manifest.stores)) {
    const found = await describeFile(folder, known.file).catch(() => null);
    if (found?.sha256 !== known.sha256) throw new Error(`${join(folder, known.file)} is not what was backed up`);
  }
  return manifest;
}
