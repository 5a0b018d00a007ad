import type { BackupName } from "./backup-name.ts";
import type { Sidecar } from "./sidecar.ts";

/** A backup as in responses. */
export interface Backup extends BackupName {
  /** `null` while it is unknown. */
  rows: number | null;
  bytes: number;
  /** SHA-256 of the whole file in hex; `null` while it is unknown. */
  sha256: string | null;
  /** Whether the checksum was stored when the backup was created, or all rows have been read and checked since. */
  verified: boolean;
  /** Why the backup is not verified. */
  unverifiedReason?: string;
  /** When it was last restored into a scratch table and compared, ISO 8601, UTC. */
  lastVerifiedAt?: string;
  /** The id of the set that it is a part of. */
  set?: string;
}

/** A backup that was just made, or of which its sidecar says all. */
export function madeBackup(
  name: BackupName,
  side: Pick<Sidecar, "rows" | "bytes" | "sha256" | "set" | "lastVerifiedAt">,
): Backup {
  const { rows, bytes, sha256, set, lastVerifiedAt } = side;
  return {
    ...name,
    rows,
    bytes,
    sha256,
    verified: true,
    ...(lastVerifiedAt === undefined ? {} : { lastVerifiedAt }),
    ...(set === undefined ? {} : { set: set.id }),
  };
}
