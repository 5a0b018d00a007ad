import type { MysqlConnection } from "@quintet/db";
import type { RowBatch } from "../csv/row-batch.ts";
import { type Reject, rowFaults } from "../csv/row-faults.ts";
import type { BulkStore } from "./bulk-store.ts";
import { existingIds, lockReferences, type SkippedRows } from "./references.ts";
import { stagedTarget, tableTarget } from "./row-target.ts";
import { sendReplacing, sendRows } from "./send-rows.ts";
import { countReplaced, upsertRows } from "./upsert-rows.ts";

/** The outcome of storing a batch: each row is counted once. */
export interface StoredBatch {
  inserted: number;
  updated: number;
  /** How many of them are new staged rows. */
  staged: number;
  /** The rows that were rejected while storing, without the batch's own rejects. */
  rejects: Reject[];
}

export type LoadMode = "insert" | "upsert" | "replace";

/** How the rows of a load are stored; `load` is the id of the load. */
export interface StoreOptions {
  mode: LoadMode;
  dryRun: boolean;
  load: number;
}

/**
 * Stores a batch in the transaction of `connection`: in the table or, if `staged`, among the staged rows of the load. Does not change
 * the batch, so that it can run again.
 */
export async function storeBatch(
  store: BulkStore,
  connection: MysqlConnection,
  batch: RowBatch,
  storing: { mode: LoadMode; load: number; staged: boolean },
): Promise<StoredBatch> {
  const skipped = await lockReferences(connection, batch);
  if (storing.staged) return stageBatch(store, connection, batch, skipped, storing);
  if (storing.mode === "upsert") return stored(batch, skipped, await upsertRows(store, connection, batch, skipped));
  return insertBatch(store, connection, batch, skipped);
}

/** Stores rows with new ids and rejects the others. */
export async function insertBatch(
  store: BulkStore,
  connection: MysqlConnection,
  batch: RowBatch,
  skipped: SkippedRows,
): Promise<StoredBatch> {
  const refused = await sendRows(store, connection, tableTarget(batch.table), ...rowsExcept(batch, skipped));
  skipDuplicates(batch, skipped, refused);
  return stored(batch, skipped, 0);
}

/** Stages the valid rows of a batch; for later batches of the load, their ids exist. */
async function stageBatch(
  store: BulkStore,
  connection: MysqlConnection,
  batch: RowBatch,
  skipped: SkippedRows,
  storing: { mode: LoadMode; load: number },
): Promise<StoredBatch> {
  const staged = stagedTarget(batch.table, storing.load);
  const ids = batch.ids.subarray(0, batch.rows);
  const inTable =
    storing.mode === "replace"
      ? new Set<number>()
      : await existingIds(connection, tableTarget(batch.table), new Set(ids), "none");
  if (storing.mode === "upsert") {
    const before = await existingIds(connection, staged, new Set(ids), "none");
    await sendReplacing(store, connection, staged, ...rowsExcept(batch, skipped));
    const taken = new Set([...inTable, ...before]);
    return {
      ...stored(batch, skipped, countReplaced(batch, skipped, taken)),
      staged: countNew(batch, skipped, before),
    };
  }
  for (let row = 0; row < batch.rows; row++) {
    if (inTable.has(ids[row]!) && !skipped.has(row)) skipped.set(row, duplicate);
  }
  skipDuplicates(batch, skipped, await sendRows(store, connection, staged, ...rowsExcept(batch, skipped)));
  return { ...stored(batch, skipped, 0), staged: batch.rows - skipped.size };
}

const duplicate = { column: "id", fault: rowFaults.duplicateId };

function rowsExcept(batch: RowBatch, skipped: SkippedRows): [text: Buffer, rows: number] {
  return [batch.text(skipped), batch.rows - skipped.size];
}

/** Of several rows with the same id the first was stored, so the refused ones are the last. */
function skipDuplicates(batch: RowBatch, skipped: SkippedRows, refused: number[]): void {
  if (refused.length === 0) return;
  const times = new Map<number, number>();
  for (const id of refused) times.set(id, (times.get(id) ?? 0) + 1);
  for (let row = batch.rows - 1; row >= 0; row--) {
    const id = batch.ids[row]!;
    const more = times.get(id) ?? 0;
    if (more === 0 || skipped.has(row)) continue;
    skipped.set(row, duplicate);
    times.set(id, more - 1);
  }
}

function stored(batch: RowBatch, skipped: SkippedRows, updated: number): StoredBatch {
  const rejects = [...skipped].map(([row, { column, fault }]) => batch.rejectOf(row, column, fault));
  return { inserted: batch.rows - skipped.size - updated, updated, staged: 0, rejects };
}

/** How many ids of the rows, except those in `skipped`, are not in `before`. */
function countNew(batch: RowBatch, skipped: SkippedRows, before: ReadonlySet<number>): number {
  const ids = new Set(batch.ids.subarray(0, batch.rows).filter((_, row) => !skipped.has(row)));
  return ids.difference(before).size;
}
