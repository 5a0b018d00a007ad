import { valueText } from "../rows/row-values.ts";
import { type PlainRow, plainKey, plainValue } from "../store/plain-row.ts";
import type { StoredRow } from "../store/table-queries.ts";
import type { Table } from "../tables/table.ts";
import { rowEncoder } from "./avro/avro-schema.ts";
import { ContainerWriter } from "./avro/container-writer.ts";

/** Rows, some at a time, as an Avro object container file with the schema of a backup. */
export async function* avroFile(table: Table, pages: AsyncIterable<readonly StoredRow[]>): AsyncGenerator<Buffer> {
  const writer = new ContainerWriter(table, rowEncoder(table));
  let header = [writer.header()];
  for await (const rows of pages) {
    for (const row of rows) {
      if (!writer.add(plainRow(table, row))) continue;
      yield Buffer.concat([...header, writer.takeBlock()]);
      header = [];
    }
  }
  yield Buffer.concat([...header, writer.takeBlock()]);
}

function plainRow({ columns }: Table, row: StoredRow): PlainRow {
  const plain: PlainRow = {};
  for (const [at, column] of columns.entries()) {
    const value = row[at] ?? null;
    const text = value === null ? null : column.type === "number" ? valueText(column, value) : String(value);
    plain[plainKey(at)] = text === null ? null : plainValue(column, text);
  }
  return plain;
}
