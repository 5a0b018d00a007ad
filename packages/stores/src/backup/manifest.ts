import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { readJson } from "../private-file.ts";
import type { DumpedStore } from "./dumps.ts";

/** `manifest.json` of a backup: its contents and times. It is written last. */
export interface Manifest {
  /** The format of the backup; increased when older versions cannot read it. */
  format: number;
  /** Start and end of the backup, in ISO 8601. Each store's data is a snapshot of a moment between them. */
  begun: string;
  completed: string;
  stores: Partial<Record<DumpedStore, DumpFile & { version: string }>>;
  /** Whether the secrets and the folder of ingest's backups are included. */
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

/** The manifest of a backup, after the checksum of each of its files was verified. Throws when one does not match. */
export async function readVerifiedManifest(folder: string): Promise<Manifest> {
  const manifest = await readJson<Manifest>(join(folder, "manifest.json"));
  if (!manifest) throw new Error(`${folder} is not a backup: it has no manifest.json`);
  if (!(manifest.format <= FORMAT))
    throw new Error(`${folder} was written by a later version of Quintet; restore it with that version`);
  for (const expected of Object.values(manifest.stores)) {
    const found = await describeFile(folder, expected.file).catch(() => null);
    if (found?.sha256 !== expected.sha256)
      throw new Error(`${join(folder, expected.file)} does not match the checksum in manifest.json`);
  }
  return manifest;
}
