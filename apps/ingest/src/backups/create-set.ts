import { randomBytes } from "node:crypto";
import { inMysqlTransaction, type MysqlPool, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import { doneTable, mysqlErrorNumber } from "../store/bulk-store.ts";
import { listTables } from "../tables/definitions.ts";
import type { Backup } from "./backup.ts";
import { findBackupsOfRequest } from "./backup-files.ts";
import { newBackupName, readBackupName } from "./backup-name.ts";
import { storeTime, writeDraft, writeProblem } from "./create-backup.ts";
import type { BackupDraft, BackupStorage } from "./storage.ts";

/** Backups of all tables from one snapshot: `set` is their id. */
export interface BackupSet {
  set: string;
  backups: Backup[];
}

/** MySQL's error number when a table was changed after the snapshot. */
const tableChanged = 1412;

/**
 * Writes all tables as they are at one moment, a file for each. The files are listed when all of them are complete. Throws a 409 when a table
 * is made, changed or deleted meanwhile. There is one set per Idempotency-Key: files of a process that was killed while it published them are
 * replaced.
 */
export async function createBackupSet(
  db: MysqlPool,
  storage: BackupStorage,
  request?: KeyedRequest,
): Promise<BackupSet> {
  const drafts: { draft: BackupDraft; name: string; rows: number }[] = [];
  let made: Backup[] = [];
  try {
    await storage.removeStale();
    const connection = await db.getConnection();
    try {
      // For the next transaction alone.
      await connection.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
      await connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
      const moment = new Date();
      for (const table of await listTables(connection)) {
        const name = newBackupName(table.name, moment);
        const draft = await storage.begin(name);
        const of = { draft, name: name.name, rows: 0 };
        drafts.push(of);
        of.rows = await writeDraft(connection, draft, { table, from: table });
      }
      await connection.commit();
      connection.release();
    } catch (error) {
      connection.destroy();
      throw error;
    }
    const set = { id: randomBytes(8).toString("hex"), backups: drafts.map(({ name }) => name) };
    const publish = async (details: object): Promise<BackupSet> => {
      const backups: Backup[] = [];
      try {
        for (const { draft, rows } of drafts) backups.push(await draft.publish({ rows, set, ...details }));
      } catch (error) {
        for (const { name } of backups) await storage.remove(readBackupName(name)!);
        throw error;
      }
      return { set: set.id, backups };
    };
    const result = request
      ? await inMysqlTransaction(db, (connection) =>
          runOnce(mysqlProcessedRequests(connection, doneTable), request, async () => {
            const now = await storeTime(connection);
            for (const { name } of await findBackupsOfRequest(storage, { key: request.key, now })) {
              await storage.remove(readBackupName(name)!);
            }
            return publish({ request: request.key, requestedAt: now.toISOString() });
          }),
        )
      : await publish({});
    made = result.backups;
    return result;
  } catch (error) {
    if (mysqlErrorNumber(error) === tableChanged) {
      const detail = "Nothing was kept: a table was changed while the tables were read. Retry.";
      throw new Problem("conflict", detail, { headers: { "Retry-After": "1" }, cause: error });
    }
    throw writeProblem(error);
  } finally {
    for (const { draft, name } of drafts) await draft.cleanUp(made.find((backup) => backup.name === name) ?? made[0]);
  }
}
