import { mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import { looksLikeNames, readNames } from "../csv/header.ts";
import { RowBatch } from "../csv/row-batch.ts";
import { type FieldCodec, tableCodecs } from "../fields/codec.ts";
import { tableFormat } from "../fields/field-format.ts";
import { countRows } from "../row-metrics.ts";
import { type BulkStore, doneTable, inBulkTransaction } from "../store/bulk-store.ts";
import { storeBatch } from "../store/store-batch.ts";
import { lockDefinition } from "../tables/definitions.ts";
import type { Table } from "../tables/table.ts";
import { jsonRecord, nullField, type RowFault } from "./json-record.ts";

/** The outcome of storing rows: `row` counts from 1; `column` is null when the row as a whole is invalid. */
export interface StoredRows {
  table: string;
  received: number;
  inserted: number;
  rejected: number;
  rejects: ({ row: number } & RowFault)[];
}

const maxRowBytes = 4096;

/** Stores the valid rows in one transaction, by the same rules as a file, once per Idempotency-Key. */
export async function storeRows(
  store: BulkStore,
  table: Table,
  rows: readonly unknown[],
  request?: KeyedRequest,
): Promise<StoredRows> {
  rejectHeaderRow(table, rows[0]);
  const batch = new RowBatch(table, { rows: rows.length, bytes: rows.length * maxRowBytes }, jsonCodecs(table));
  const malformed: StoredRows["rejects"] = [];
  for (const [index, row] of rows.entries()) {
    const record = jsonRecord(table, row, index + 1);
    if ("reason" in record) malformed.push({ row: index + 1, ...record });
    else batch.add(record.record, record.order);
  }
  const stored = await inBulkTransaction(store, (connection) =>
    runOnce(mysqlProcessedRequests(connection, doneTable), request, async () => {
      await lockDefinition(connection, table);
      return storeBatch(store, connection, batch, { mode: "insert", load: undefined, staged: false });
    }),
  );
  const rejects = [...batch.rejects, ...stored.rejects]
    .map(({ line, column, reason }) => ({ row: line, column: column === "" ? null : column, reason }))
    .concat(malformed)
    .sort((a, b) => a.row - b.row);
  countRows(table.name, stored.inserted, rejects.length);
  return { table: table.name, received: rows.length, inserted: stored.inserted, rejected: rejects.length, rejects };
}

/** In JSON only null is no value. */
function jsonCodecs(table: Table): FieldCodec[] {
  return tableCodecs(table, { ...tableFormat(table), missing: [nullField] });
}

/** Throws a 422 if the first row is a header with a different order: the values of the other arrays would be swapped. */
function rejectHeaderRow(table: Table, row: unknown): void {
  if (!Array.isArray(row) || !row.every((value) => typeof value === "string")) return;
  const { order, moved } = readNames(table, row);
  if ((order && !moved) || !(order || looksLikeNames(table, row, isRow(table, row)))) return;
  const columns = table.columns.map(({ name }) => name).join(", ");
  const message = `is a header, not a row: ${row.join(", ").slice(0, 255)}. Array values must be in the order ${columns}; objects can have any order`;
  throw new Problem("unprocessable", `rows.0 ${message}. Nothing was stored.`, {
    errors: [{ path: "rows.0", message }],
  });
}

function isRow(table: Table, row: unknown): boolean {
  const record = jsonRecord(table, row, 1);
  return !("reason" in record) && new RowBatch(table, { rows: 1, bytes: 0 }, jsonCodecs(table)).add(record.record);
}
