import { z } from "zod";
import type { BackupName } from "./backup-name.ts";

/**
 * The sidecar of a backup. Anyone who can write to the storage can change it, so what can be read from the file itself is not
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
  /** The set that the backup is a part of, and the names of all its backups. */
  set: z.object({ id: z.string(), backups: z.array(z.string()) }).optional(),
  /** When the backup was last restored into a scratch table and compared. */
  lastVerifiedAt: z.iso.datetime().optional(),
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

/** The sidecar in a text; `undefined` when it is invalid or of another backup. */
export function parseSidecar(text: string, { name }: BackupName): Sidecar | undefined {
  try {
    const side = schema.parse(JSON.parse(text));
    return side.name === undefined || side.name === name ? side : undefined;
  } catch {
    return undefined;
  }
}

/** The text of a sidecar. */
export function sidecarText(side: Sidecar, { name }: BackupName): string {
  return `${JSON.stringify({ ...side, name })}\n`;
}
