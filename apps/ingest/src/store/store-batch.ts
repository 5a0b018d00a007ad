import type { MysqlConnection } from "@quintet/db";
import type { RowBatch } from "../csv/row-batch.ts";
import { type Reject, rowFaults } from "../csv/row-faults.ts";
import { type LeftRows, lockReferences } from "./batch-references.ts";
import type { BulkStore } from "./bulk-store.ts";
import { existingIds } from "./references.ts";
import { stagedTarget, tableTarget } from "./row-target.ts";
import { sendRows } from "./send-rows.ts";
import { upsertRows } from "./upsert-rows.ts";

/** What became of the rows of a batch: each is counted once. */
export interface StoredBatch {
  inserted: number;
  updated: number;
  /** The rows that the database did not take, beside the batch's own rejects. */
  rejects: Reject[];
}

export type LoadMode = "insert" | "upsert" | "replace";

/** How the rows of a batch are stored. `load` names the load whose staged rows they become when `mode` or `dryRun` asks for that. */
export interface Storing {
  mode: LoadMode;
  dryRun: boolean;
  load: number;
}

/** Stores a batch within the transaction of `connection`. The batch itself is not changed, so that this can run again. */
export async function storeBatch(
  store: BulkStore,
  connection: MysqlConnection,
  batch: RowBatch,
  storing: Storing,
): Promise<StoredBatch> {
  const left = await lockReferences(connection, batch);
  if (storing.mode === "replace") {
    const target = stagedTarget(batch.table, storing.load);
    leaveDuplicates(batch, left, await sendRows(store, connection, target, ...rowsBut(batch, left)));
    return stored(batch, left, 0);
  }
  if (storing.dryRun) return tryBatch(store, connection, batch, left, storing);
  if (storing.mode === "upsert") return stored(batch, left, await upsertRows(store, connection, batch, left));
  return insertBatch(store, connection, batch, left);
}

/** Stores rows whose ids are free and rejects the others. */
export async function insertBatch(
  store: BulkStore,
  connection: MysqlConnection,
  batch: RowBatch,
  left: LeftRows,
): Promise<StoredBatch> {
  const refused = await sendRows(store, connection, tableTarget(batch.table), ...rowsBut(batch, left));
  leaveDuplicates(batch, left, refused);
  return stored(batch, left, 0);
}

/** What would become of a batch. Its rows are staged, so that a later batch of the load finds their ids taken. */
async function tryBatch(
  store: BulkStore,
  connection: MysqlConnection,
  batch: RowBatch,
  left: LeftRows,
  storing: Storing,
): Promise<StoredBatch> {
  const target = stagedTarget(batch.table, storing.load);
  const inTable = await existingIds(connection, tableTarget(batch.table), batch.ids.subarray(0, batch.rows), "none");
  const again = await sendRows(store, connection, target, ...rowsBut(batch, left));
  const repeated: LeftRows = new Map(left);
  leaveDuplicates(batch, repeated, again);
  for (let row = 0; row < batch.rows; row++) {
    if (inTable.has(batch.ids[row]!) && !repeated.has(row)) repeated.set(row, duplicate);
  }
  return storing.mode === "insert" ? stored(batch, repeated, 0) : stored(batch, left, repeated.size - left.size);
}

const duplicate = { column: "id", reason: rowFaults.duplicateId };

function rowsBut(batch: RowBatch, left: LeftRows): [text: Buffer, rows: number] {
  return [batch.text(left), batch.rows - left.size];
}

/** Of several rows with one id the first was taken, so the refused ones are the last. */
function leaveDuplicates(batch: RowBatch, left: LeftRows, refused: number[]): void {
  if (refused.length === 0) return;
  const times = new Map<number, number>();
  for (const id of refused) times.set(id, (times.get(id) ?? 0) + 1);
  for (let row = batch.rows - 1; row >= 0; row--) {
    const id = batch.ids[row]!;
    const more = times.get(id) ?? 0;
    if (more === 0 || left.has(row)) continue;
    left.set(row, duplicate);
    times.set(id, more - 1);
  }
}

function stored(batch: RowBatch, left: LeftRows, updated: number): StoredBatch {
  const rejects = [...left].map(([row, { column, reason }]) => batch.rejectOf(row, column, reason));
  return { inserted: batch.rows - left.size - updated, updated, rejects };
}
