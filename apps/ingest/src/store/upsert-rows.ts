import type { MysqlConnection } from "@quintet/db";
import type { RowBatch } from "../csv/row-batch.ts";
import { existingIds } from "./references.ts";
import { columnList, tableTarget } from "./row-target.ts";
import { rowsOf } from "./send-rows.ts";

const rowsPerStatement = 1000;

/**
 * Stores the rows of a batch but those in `left`, in their order, each taking the place of the one with its id. Returns how
 * many took a place: of a row in the table, or of an earlier row of the batch.
 */
export async function upsertRows(
  connection: MysqlConnection,
  batch: RowBatch,
  left: ReadonlyMap<number, unknown>,
): Promise<number> {
  const { name, columns } = tableTarget(batch.table);
  const changes = columns.filter((column) => column !== "id").map((column) => `\`${column}\` = VALUES(\`${column}\`)`);
  const taken = await existingIds(connection, { name }, new Set(batch.ids.subarray(0, batch.rows)), "exclusive");
  let updated = 0;
  for (let row = 0; row < batch.rows; row++) {
    if (left.has(row)) continue;
    const id = batch.ids[row]!;
    if (taken.has(id)) updated++;
    else taken.add(id);
  }
  for (const values of rowsOf(batch.text(left), rowsPerStatement)) {
    await connection.query(
      `INSERT INTO ${name} (${columnList(columns)}) VALUES ? ON DUPLICATE KEY UPDATE ${changes.join(", ")}`,
      [values],
    );
  }
  return updated;
}
