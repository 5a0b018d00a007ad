import type { MysqlConnection } from "@quintet/db";
import type { RowBatch } from "../csv/row-batch.ts";
import type { BulkStore } from "./bulk-store.ts";
import type { SkippedRows } from "./references.ts";
import { existingIds } from "./references.ts";
import { tableTarget } from "./row-target.ts";
import { sendReplacing } from "./send-rows.ts";

/**
 * Stores the rows of a batch but those in `skipped`, in their order, each taking the place of the one with its id. Returns how
 * many took a place: of a row in the table, or of an earlier row of the batch.
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

/** How many rows but those in `skipped` take a place: of an id in `taken`, to which theirs are added, or of an earlier row. */
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
