import { createHash } from "node:crypto";
import type { MysqlPool } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { Table } from "../tables/table.ts";
import type { BlockRows } from "./avro/block-rows.ts";
import { RowWriter } from "./avro/row-writer.ts";
import { sidecarOf } from "./backup-files.ts";
import type { BackupName } from "./backup-name.ts";
import { backupBlocks } from "./read-backup.ts";
import { checkBackup, explaining } from "./restore.ts";
import { fillScratch, withScratch } from "./scratch.ts";
import { readSnapshot } from "./snapshot-queries.ts";
import type { ScratchDeps } from "./upload-backup.ts";

/** The outcome of a verification. */
export interface VerifiedBackup {
  name: string;
  rows: number;
  /** SHA-256 of the file in hex. */
  sha256: string;
  /** ISO 8601, UTC. */
  lastVerifiedAt: string;
}

const textBytes = 64 * 1024;

/**
 * Restores a backup into a scratch table, reads that and compares all rows, and records when. The file is compared with its checksum first.
 * Throws a 409 when it is damaged or the rows differ, a 422 when it does not fit the table.
 */
export async function verifyBackup(
  { store, db, locks, storage }: ScratchDeps,
  table: Table,
  backup: BackupName,
): Promise<VerifiedBackup> {
  return explaining(table, backup, async () => {
    await checkBackup(storage, table, backup);
    const rows = await withScratch(locks, table, async (scratch) => {
      const sent = createHash("sha256");
      const hashed = async function* (): AsyncGenerator<BlockRows> {
        for await (const block of backupBlocks(storage, table, backup)) {
          sent.update(block.text());
          yield block;
        }
      };
      const count = await fillScratch(store, scratch, hashed());
      const stored = await digestRows(db, scratch);
      if (stored.rows !== count || stored.sha256 !== sent.digest("hex")) {
        throw new Problem("conflict", `The restored rows are not those of ${backup.name}.`);
      }
      return count;
    });
    const file = await storage.stat(backup);
    if (!file) throw new Problem("not-found", "Backup not found.");
    const side = await sidecarOf(storage, backup, file);
    const lastVerifiedAt = new Date().toISOString();
    await storage.writeSidecar(backup, { ...side, lastVerifiedAt });
    return { name: backup.name, rows, sha256: side.sha256, lastVerifiedAt };
  });
}

/** The number of rows of a table, and the SHA-256 of their text for `LOAD DATA` by their key. */
async function digestRows(db: MysqlPool, table: Table): Promise<{ rows: number; sha256: string }> {
  const hash = createHash("sha256");
  const writer = new RowWriter(table);
  let rows = 0;
  writer.start(textBytes);
  const connection = await db.getConnection();
  try {
    await readSnapshot(connection, table, (row) => {
      rows++;
      if (writer.add(row) < textBytes) return undefined;
      hash.update(writer.text());
      writer.start(textBytes);
      return undefined;
    });
    connection.release();
  } catch (error) {
    connection.destroy();
    throw error;
  }
  hash.update(writer.text());
  return { rows, sha256: hash.digest("hex") };
}
