import { CsvReader } from "../csv/csv-reader.ts";
import { fieldTexts } from "../csv/header.ts";
import { RowBatch } from "../csv/row-batch.ts";
import type { SettledFile } from "../csv/settle-dialect.ts";
import { textOf } from "../csv/sniff-dialect.ts";
import { tableCodecs } from "../fields/codec.ts";
import { fieldFormat } from "../fields/field-format.ts";
import type { Table } from "../tables/table.ts";
import type { FileBytes } from "./file-bytes.ts";
import type { LoadOptions } from "./load.ts";
import { settleFile } from "./settle-file.ts";

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
  settled: SettledFile;
  /** For each column of the table, the number of its field in the file, from 1; 0: the file lacks it. */
  fields: number[];
  rows: SampleRow[];
}

const sampleRows = 10;
/** How long the beginning of a file is waited for. */
const waitMs = 5000;

/** Reads the beginning of a file as a load would. Throws what the load would throw, such as a 422 for a doubtful header. */
export async function lookAtFile(
  table: Table,
  options: Pick<LoadOptions, "header" | "dialect" | "map" | "extra">,
  file: FileBytes,
): Promise<FileLook> {
  const { settled, lead, ended } = await settleFile(table, options, { first: Buffer.alloc(0), file }, waitMs);
  const { dialect, layout, width } = settled;
  const reader = new CsvReader(Math.max(width, table.columns.length), { dialect, width });
  reader.push(textOf(lead, dialect.encoding, ended));
  if (ended) reader.end();
  const batch = new RowBatch(table, { rows: 1, bytes: 0 }, tableCodecs(table, fieldFormat(dialect)));
  const rows: SampleRow[] = [];
  while (rows.length < sampleRows) {
    const found = reader.next();
    if (found === "end" || found === "more") break;
    if (reader.recordLine <= layout.skipLines) continue;
    batch.clear();
    if (found === "record") batch.add(reader, layout.fieldOrder, width);
    const fault = found === "broken" ? { column: "", reason: reader.fault.reason } : batch.rejects[0];
    const texts = found === "broken" ? [] : fieldTexts(reader);
    rows.push({
      line: reader.recordLine,
      values: layout.fieldOrder.map((field) => texts[field] ?? ""),
      ...(fault && { fault }),
    });
  }
  return { settled, fields: layout.fieldOrder.map((field) => field + 1), rows };
}
