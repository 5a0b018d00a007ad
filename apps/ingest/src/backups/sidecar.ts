import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { BackupName } from "./backup-name.ts";
import { sidecarDraftPath } from "./draft-name.ts";

/** What is written down beside a backup. Whoever can write to the folder can write it, so nothing in it is believed that can be seen. */
const schema = z.object({
  /** Of which backup; files of an earlier version do not say it. */
  name: z.string().optional(),
  rows: z.int().min(0).nullable(),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** What stands for the keyed request that the backup was made for, and when that was by MySQL's clock. */
  request: z.string().optional(),
  requestedAt: z.iso.datetime().optional(),
  /** There when all this was learned from the file as it was, and not written down when the file was. */
  learned: z
    .object({
      /** When the file was last changed. */
      mtimeMs: z.number(),
      /** Whether every row of it was read and is one that the table can hold. */
      checked: z.boolean(),
      /** Why it cannot be read to its end. */
      fault: z.string().optional(),
    })
    .optional(),
});

export type Sidecar = z.infer<typeof schema>;

/** Where it is. */
export function sidecarPath(folder: string, { name }: BackupName): string {
  return join(folder, `${name}.json`);
}

/** What is written down beside a backup; `undefined` when that is missing, broken, or about another one. */
export async function readSidecar(folder: string, name: BackupName): Promise<Sidecar | undefined> {
  try {
    const side = schema.parse(JSON.parse(await readFile(sidecarPath(folder, name), "utf8")));
    return side.name === undefined || side.name === name.name ? side : undefined;
  } catch {
    return undefined;
  }
}

/** Writes it as a whole or not at all. */
export async function writeSidecar(folder: string, name: BackupName, side: Sidecar): Promise<void> {
  const draft = sidecarDraftPath(folder, name);
  let file: FileHandle | undefined;
  try {
    file = await open(draft, "wx", 0o600);
    await file.writeFile(`${JSON.stringify({ ...side, name: name.name })}\n`);
    await file.sync();
    await file.close();
    await rename(draft, sidecarPath(folder, name));
  } catch (error) {
    await file?.close().catch(() => {});
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
}

/** Sees to it that names which were given in a folder last. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
