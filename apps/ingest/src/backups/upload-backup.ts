import { createHash, type Hash } from "node:crypto";
import type { MysqlPool } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import type { BulkStore } from "../store/bulk-store.ts";
import type { Table } from "../tables/table.ts";
import { DamagedFile, IncompatibleFile } from "./avro/byte-source.ts";
import type { Backup } from "./backup.ts";
import { writeBackup, writeProblem } from "./create-backup.ts";
import { fileBlocks } from "./read-backup.ts";
import { fillScratch, withScratch } from "./scratch.ts";
import type { BackupStorage } from "./storage.ts";

/** What works on scratch tables: `locks` has a connection free while `db` and `store` are used. */
export interface ScratchDeps {
  store: BulkStore;
  db: MysqlPool;
  locks: MysqlPool;
  storage: BackupStorage;
}

/**
 * Makes a backup of a table out of the Avro file in a body. Its rows are checked by the rules of the table, and sorted by a scratch table, in
 * which two rows with the same key are noticed; the new file has the schema of the table. Throws a 422 that says which field or row does not
 * fit, or where the file is damaged, and a 400 when the body ends early. Sets the fingerprint of `request` by the bytes of the file.
 */
export async function uploadBackup(
  { store, db, locks, storage }: ScratchDeps,
  table: Table,
  body: AsyncIterable<Buffer>,
  request?: KeyedRequest,
): Promise<Backup> {
  try {
    await storage.removeStale();
    return await withScratch(locks, table, async (scratch) => {
      const hash = createHash("sha256");
      await fillScratch(store, scratch, fileBlocks(table, whole(body, hash), true));
      if (request) request.fingerprint = hash.digest("base64url");
      return writeBackup(db, storage, { table, from: scratch }, request);
    });
  } catch (error) {
    if (error instanceof IncompatibleFile) throw refusal(`does not fit ${table.name}: ${error.message}`, error);
    if (error instanceof DamagedFile) throw refusal(`is damaged: ${error.message}`, error);
    throw writeProblem(error);
  }
}

function refusal(message: string, cause: Error): Problem {
  return new Problem("unprocessable", `Nothing was stored. The file ${message}`, {
    errors: [{ path: "file", message }],
    cause,
  });
}

async function* whole(body: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      hash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw new Problem("bad-request", "Nothing was stored. The body is incomplete.", { cause: error });
  }
  if (bytes === 0) throw new Problem("bad-request", "The body is empty; it must be an Avro file.");
}
