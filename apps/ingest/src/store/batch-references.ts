import type { MysqlConnection } from "@quintet/db";
import type { RowBatch } from "../csv/row-batch.ts";
import { rowFaults } from "../csv/row-faults.ts";
import { existingIds } from "./references.ts";

/** Rows of a batch that are not stored: the row's number in the batch, and why. */
export type LeftRows = Map<number, { column: string; reason: string }>;

/**
 * The rows of a batch that name a department or job which does not exist. The ones that do exist cannot be deleted until the
 * transaction ends, so that what holds now still holds when the rows are committed.
 */
export async function lockReferences(connection: MysqlConnection, batch: RowBatch): Promise<LeftRows> {
  const left: LeftRows = new Map();
  for (const { column, to, ids } of batch.references) {
    const named = ids.subarray(0, batch.rows);
    const distinct = new Set(named);
    const existing = await existingIds(connection, { name: to }, distinct, "shared");
    if (existing.size === distinct.size) continue;
    const reason = rowFaults.noSuchRow(to);
    for (let row = 0; row < batch.rows; row++) {
      if (!existing.has(named[row]!) && !left.has(row)) left.set(row, { column, reason });
    }
  }
  return left;
}
