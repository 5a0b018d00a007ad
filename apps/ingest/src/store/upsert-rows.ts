import type { MysqlConnection } from "@quintet/db";
import type { RowBatch } from "../csv/row-batch.ts";
import type { BulkStore } from "./bulk-store.ts";
import type { SkippedRows } from "./references.ts";
import { existingIds } from "./references.ts";
import { tableTarget } from "./row-target.ts";
import { sendReplacing } from "./send-rows.ts";

/**
 * Stores the rows of a batch, except those in `skipped`, in their order; each replaces the row with the same id. Returns how many
 * replaced a row of the table or an earlier row of the batch.
 */
export async function upsertRows(
  store: BulkStore,
  connection: MysqlConnection,
  batch: RowBatch,
  skipped: SkippedRows,
): Promise<number> {
  const target = tableTarget(batch.table);
  const taken = await existingIds(connection, target, new Set(batch.ids.subarray(0, batch.rows)), "exclusive");
  await sendReplacing(store, connection, target, batch.text(skipped), batch.rows - skipped.size);
  return countReplaced(batch, skipped, taken);
}

/** How many rows, except those in `skipped`, replace an id in `taken` or an earlier row; adds their ids to `taken`. */
export function countReplaced(batch: RowBatch, skipped: SkippedRows, taken: Set<number>): number {
  let updated = 0;
  for (let row = 0; row < batch.rows; row++) {
    if (skipped.has(row)) continue;
    const id = batch.ids[row]!;
    if (taken.has(id)) updated++;
    else taken.add(id);
  }
  return updated;
}
