import { CsvReader } from "../csv/csv-reader.ts";
import { fieldTexts, type HeaderMode } from "../csv/header.ts";
import { RowBatch } from "../csv/row-batch.ts";
import type { Table } from "../tables/table.ts";
import type { FileBytes } from "./file-bytes.ts";
import { readHeader } from "./read-header.ts";

/** A row at the beginning of a file as a load would take it. */
export interface SampleRow {
  line: number;
  /** The values in the order of the table's columns. */
  values: string[];
  /** Why it would be rejected. */
  fault?: { column: string; reason: string };
}

/** What a file is taken for, without anything being stored. */
export interface FileLook {
  /** Lines above the first row. */
  skippedLines: number;
  /** For each column of the table, the number of its field in the file, from 1. */
  fields: number[];
  rows: SampleRow[];
}

const sampleRows = 10;

/** Reads the beginning of a file as a load would. Throws what the load would throw, such as a 422 for a doubtful header. */
export async function lookAtFile(table: Table, header: HeaderMode, file: FileBytes): Promise<FileLook> {
  const first = await file.next();
  const { layout, lead } = await readHeader(table, header, first.done ? Buffer.alloc(0) : first.value, file);
  const reader = new CsvReader(table.columns.length);
  reader.push(lead);
  const batch = new RowBatch(table, { rows: 1, bytes: 0 });
  const rows: SampleRow[] = [];
  while (rows.length < sampleRows) {
    const found = reader.next();
    if (found === "end") break;
    if (found === "more") {
      // The file may be shorter than the bytes that are needed to know its header.
      const next = await file.next();
      if (next.done) reader.end();
      else reader.push(next.value);
      continue;
    }
    if (reader.recordLine <= layout.skipLines) continue;
    batch.clear();
    if (found === "record") batch.add(reader, layout.fieldOrder);
    const fault = found === "broken" ? { column: "", reason: reader.fault.reason } : batch.rejects[0];
    const texts = found === "broken" ? [] : fieldTexts(reader);
    rows.push({
      line: reader.recordLine,
      values: layout.fieldOrder.map((field) => texts[field] ?? ""),
      ...(fault && { fault }),
    });
  }
  return { skippedLines: layout.skipLines, fields: layout.fieldOrder.map((field) => field + 1), rows };
}
