import { createHash } from "node:crypto";
import { CsvReader } from "../csv/csv-reader.ts";
import { noValue } from "../csv/dialect.ts";
import { type FieldOrder, fieldTexts, tableOrder } from "../csv/header.ts";
import type { RecordReader } from "../csv/record.ts";
import { RowBatch } from "../csv/row-batch.ts";
import type { SettledFile } from "../csv/settle-dialect.ts";
import { textOf } from "../csv/sniff-dialect.ts";
import { tableCodecs } from "../fields/codec.ts";
import { type FieldFormat, fieldFormat } from "../fields/field-format.ts";
import { JsonLinesSource } from "../rows/json-lines.ts";
import { nullField } from "../rows/json-record.ts";
import type { Table } from "../tables/table.ts";
import type { FileBytes } from "./file-bytes.ts";
import { jsonFormat, refuseCsvOptions } from "./json-options.ts";
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
  /** How its text is written; null for a file in NDJSON. */
  settled: SettledFile | null;
  /** For each column of the table, the number of its field in the file, from 1; 0: the file lacks it. */
  fields: number[];
  rows: SampleRow[];
}

type LookOptions = Pick<LoadOptions, "header" | "dialect" | "map" | "extra">;

const sampleRows = 10;
/** How long the beginning of a file is waited for. */
const waitMs = 5000;

/** Reads the beginning of a file as a load would. Throws what the load would throw, such as a 422 for a doubtful header. */
export async function lookAtFile(table: Table, options: LookOptions, file: FileBytes): Promise<FileLook> {
  if (file.format === "ndjson") return lookAtJson(table, options, file);
  const rest = { first: Buffer.alloc(0), file, known: file };
  const { settled, lead, ended } = await settleFile(table, options, rest, waitMs);
  const { dialect, layout, width } = settled;
  const reader = new CsvReader(Math.max(width, table.columns.length), { dialect, width });
  reader.push(textOf(lead, dialect.encoding, ended));
  if (ended) reader.end();
  const sample = new Sample(table, fieldFormat(dialect), layout.fieldOrder);
  sample.take(reader, width, layout.skipLines);
  return { settled, fields: layout.fieldOrder.map((field) => field + 1), rows: sample.rows };
}

async function lookAtJson(table: Table, options: LookOptions, file: FileBytes): Promise<FileLook> {
  refuseCsvOptions(options);
  const rest = { first: Buffer.alloc(0), file, hash: createHash("sha256") };
  const columns = { map: options.map, ignoreExtra: options.extra === "ignore" };
  const source = new JsonLinesSource(table, rest, { bytes: 0, lines: 0 }, columns);
  const order = tableOrder(table);
  const sample = new Sample(table, jsonFormat(table, options.dialect), order);
  while (!sample.take(source.records, order.length)) await source.fill();
  return { settled: null, fields: order.map((field) => field + 1), rows: sample.rows };
}

/** The first rows of a file. */
class Sample {
  readonly rows: SampleRow[] = [];
  readonly #batch: RowBatch;
  readonly #order: FieldOrder;

  constructor(table: Table, format: FieldFormat, order: FieldOrder) {
    this.#batch = new RowBatch(table, { rows: 1, bytes: 0 }, tableCodecs(table, format));
    this.#order = order;
  }

  /** Takes the records that are there; whether there are enough, or no more. */
  take(reader: RecordReader, width: number, skipLines = 0): boolean {
    const batch = this.#batch;
    while (this.rows.length < sampleRows) {
      const found = reader.next();
      if (found === "end" || found === "more") return found === "end";
      if (reader.recordLine <= skipLines) continue;
      batch.clear();
      if (found === "record") batch.add(reader, reader.order ?? this.#order, width);
      const broken = { column: reader.faultColumn ?? "", reason: reader.fault.reason };
      const fault = found === "broken" ? broken : batch.rejects[0];
      const texts = found === "broken" ? [] : fieldTexts(reader);
      const values = this.#order
        .map((field) => texts[field] ?? "")
        .map((text) => (text === nullField || text === noValue ? "" : text));
      this.rows.push({ line: reader.recordLine, values, ...(fault && { fault }) });
    }
    return true;
  }
}
