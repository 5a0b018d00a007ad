import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { BackupName } from "./backup-name.ts";
import { sidecarDraftPath } from "./draft-name.ts";

/**
 * The sidecar of a backup. Anyone who can write to the folder can change it, so what can be read from the file itself is not
 * taken from here.
 */
const schema = z.object({
  /** The name of the backup; absent in sidecars of earlier versions. */
  name: z.string().optional(),
  rows: z.int().min(0).nullable(),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The key of the request that the backup was created for, and the time of the request by MySQL. */
  request: z.string().optional(),
  requestedAt: z.iso.datetime().optional(),
  /** Present when the details were read from the file later, and not stored when it was written. */
  learned: z
    .object({
      /** The modification time of the file. */
      mtimeMs: z.number(),
      /** Whether all rows were read and can be stored in the table. */
      checked: z.boolean(),
      /** Why the file cannot be read to its end. */
      fault: z.string().optional(),
    })
    .optional(),
});

export type Sidecar = z.infer<typeof schema>;

/** The path of a backup's sidecar. */
export function sidecarPath(folder: string, { name }: BackupName): string {
  return join(folder, `${name}.json`);
}

/** Reads the sidecar of a backup; `undefined` when it is missing, invalid or of another backup. */
export async function readSidecar(folder: string, name: BackupName): Promise<Sidecar | undefined> {
  try {
    const side = schema.parse(JSON.parse(await readFile(sidecarPath(folder, name), "utf8")));
    return side.name === undefined || side.name === name.name ? side : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the sidecar of a backup atomically. */
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

/** Syncs a folder to disk, so that renames in it are durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
