import { randomBytes } from "node:crypto";

const pattern = /^([a-z][a-z0-9_]{0,47})-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z-[0-9a-f]{8}\.avro$/;

/** The parts of a backup's file name. */
export interface BackupName {
  name: string;
  table: string;
  /** ISO 8601, UTC: the moment of the snapshot. */
  createdAt: string;
}

/** A new, unique name: the table, the time in milliseconds and eight random hex digits. */
export function newBackupName(table: string, moment: Date): BackupName {
  const createdAt = moment.toISOString();
  const name = `${table}-${createdAt.replace(/[-:.]/g, "")}-${randomBytes(4).toString("hex")}.avro`;
  return { name, table, createdAt };
}

/**
 * Parses a name from a request or the file system; `undefined` when it is not a backup's. No other name is ever used as a path.
 */
export function readBackupName(name: string): BackupName | undefined {
  const parts = pattern.exec(name);
  if (!parts) return undefined;
  const [, table = "", year, month, day, hour, minute, second, millisecond] = parts;
  const createdAt = `${year}-${month}-${day}T${hour}:${minute}:${second}.${millisecond}Z`;
  return { name, table, createdAt };
}
