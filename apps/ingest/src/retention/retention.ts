import { setTimeout as pause } from "node:timers/promises";
import { type MysqlPool, tryWithLock } from "@quintet/db";
import { counter, gauge, type Logger } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { removeStaleScratch } from "../backups/scratch.ts";
import type { BackupStorage } from "../backups/storage.ts";
import { deleteUnneededStaged } from "../loads/staged-queries.ts";
import { listTables } from "../tables/definitions.ts";
import { finishChanges } from "../tables/finish-change.ts";
import { beforeName, stagedName } from "../tables/table.ts";
import type { Uploads } from "../uploads/uploads.ts";
import { type BackupLimits, measureBackups, removeOldBackups } from "./old-backups.ts";
import { type OnRemoved, removeOldBefore, removeOldLoads, removeOldRejects } from "./old-loads.ts";

const pauseMs = 20;

const rows = gauge(
  "quintet_ingest_table_rows",
  "Estimated rows of loads, of rejects, staged, and as they were before loads.",
  ["table"],
  undefined,
  "max",
);
const removedRows = counter("quintet_ingest_rows_removed_total", "Deleted rows of expired loads.", ["table"]);
const removedBackups = counter(
  "quintet_ingest_backups_removed_total",
  "Deleted backups beyond BACKUPS_KEEP or BACKUPS_DAYS.",
);

/** How long loads, rejects and backups are kept; 0: forever. */
export interface RetentionSettings {
  loadsDays: number;
  rejectsDays: number;
  /** How long the rows as they were before a load are kept, by which it can be undone. */
  undoDays: number;
  backups: BackupLimits;
}

/** What expired things are deleted from; `bulk`: for statements that take their time. */
interface Kept {
  db: MysqlPool;
  bulk: MysqlPool;
  storage: BackupStorage;
  uploads: Uploads;
  log: Logger;
  kept: RetentionSettings;
}

/**
 * Deletes expired loads, rejects and backups, and leftovers of killed processes, in chunks with pauses; only one process at a time does
 * so. Stops early when `signal` is aborted.
 */
export async function removeExpired(
  { db, bulk, storage, uploads, log, kept }: Kept,
  signal: AbortSignal,
): Promise<void> {
  const removed = new Map<string, number>();
  const onRemoved: OnRemoved = async (table, count) => {
    removed.set(table, (removed.get(table) ?? 0) + count);
    removedRows.inc({ table }, count);
    await pause(pauseMs, undefined, { signal }).catch(() => {});
    return signal.aborted;
  };
  await tryWithLock(db, "ingest retention", async () => {
    await storage.removeStale();
    await removeStaleScratch(db);
    await uploads.removeExpired();
    await finishChanges({ db, bulk });
    await deleteUnneededStaged(db);
    if (kept.rejectsDays > 0) await removeOldRejects(db, kept.rejectsDays, onRemoved);
    await removeOldBefore(db, kept.undoDays, onRemoved);
    if (kept.loadsDays > 0) await removeOldLoads(db, kept.loadsDays, onRemoved);
    const names = await removeOldBackups(storage, kept.backups);
    removedBackups.inc(names.length);
    // Log every deletion.
    if (names.length > 0)
      log.info({ labels: { backups: names.join(" ") } }, "Backups beyond BACKUPS_KEEP or BACKUPS_DAYS removed");
    for (const [table, count] of removed) {
      if (count > 0) log.info({ labels: { table, rows: count } }, "Rows of expired loads removed");
    }
  });
  const tables = (await listTables(db)).map(({ name }) => name);
  for (const table of [
    "ingest_loads",
    "ingest_rejects",
    ...tables.flatMap((table) => [stagedName(table), beforeName(table)]),
  ]) {
    const [plan] = await db.query<RowDataPacket[]>(`EXPLAIN SELECT * FROM ${table}`);
    rows.set({ table }, Number(plan[0]?.rows ?? 0));
  }
  await measureBackups(storage);
}
