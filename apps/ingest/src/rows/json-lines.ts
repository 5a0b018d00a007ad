import { isUtf8 } from "node:buffer";
import { CsvReader } from "../csv/csv-reader.ts";
import { CsvSource, type FileRest } from "../csv/csv-source.ts";
import { defaultDialect } from "../csv/dialect.ts";
import type { Fault } from "../csv/fault.ts";
import { type ColumnOptions, plainName } from "../csv/header.ts";
import type { ReadResult, RecordReader, RecordSource, SourcePosition } from "../csv/record.ts";
import type { Table } from "../tables/table.ts";
import { parseExact } from "./exact-json.ts";
import { nullField, valueText } from "./json-record.ts";

/** A dialect in which each line that is not empty is a record of one field. */
const wholeLines = { ...defaultDialect, delimiter: "", quote: null };

/** What `GET /loads/{id}/rejects?format=file` writes for a line that is no object; loaded again it is rejected again. */
export const rawLineKey = "_raw";

/** Only such a line may have a number whose value JavaScript cannot keep. */
const mayBeInexact = /[\d.]{16}|\d[eE]/;
const maxNames = 10_000;

const notObject: Fault = { code: "json", reason: "is no JSON object" };
const notMended: Fault = { code: "json", reason: "is a rejected line that was not mended" };
const notUtf8: Fault = { code: "encoding", reason: "is not valid UTF-8" };

/**
 * Reads the lines of an NDJSON file, each a JSON object, as records with one field for each column of a table. Names are compared as
 * those of a header. A column that an object lacks has no field, null is no value, and other values are as in rows of a JSON body.
 */
export class JsonLinesReader implements RecordReader {
  window: Buffer = Buffer.alloc(0);
  readonly fieldCount: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly escaped: Uint8Array;
  readonly quoted: Uint8Array;
  readonly recordStart = 0;
  recordEnd = 0;
  fault: Fault = notObject;
  faultColumn = "";
  readonly order: number[];

  readonly #lines: CsvReader;
  readonly #table: Table;
  readonly #ignoresExtra: boolean;
  /** Whether numbers are kept as they are written, and not only their values. */
  readonly #keepsText: boolean;
  readonly #map: ReadonlyMap<string, string>;
  /** The column of each name that was read; -1: there is none. */
  readonly #columns = new Map<string, number>();

  /** `lines`: the reader of `linesReader`. */
  constructor(table: Table, lines: CsvReader, { map = {}, ignoreExtra = false }: ColumnOptions) {
    const count = table.columns.length;
    this.fieldCount = count;
    this.starts = new Int32Array(count);
    this.ends = new Int32Array(count);
    this.escaped = new Uint8Array(count);
    this.quoted = new Uint8Array(count);
    this.order = new Array(count).fill(-1);
    this.#lines = lines;
    this.#table = table;
    this.#ignoresExtra = ignoreExtra;
    this.#keepsText = table.columns.some(({ type }) => type === "json");
    this.#map = new Map(Object.entries(map).map(([from, to]) => [plainName(from), plainName(to)]));
  }

  get line(): number {
    return this.#lines.line;
  }

  get recordLine(): number {
    return this.#lines.recordLine;
  }

  get midLine(): boolean {
    return this.#lines.midLine;
  }

  /** Fields have no escapes. */
  unescape(start: number, end: number): Buffer {
    return this.window.subarray(start, end);
  }

  next(): ReadResult {
    const found = this.#lines.next();
    if (found === "more" || found === "end") return found;
    const { window, recordStart, recordEnd } = this.#lines;
    const line = window.subarray(recordStart, recordEnd);
    this.window = line;
    this.recordEnd = line.length;
    const fault = found === "broken" ? { column: "", ...this.#lines.fault } : this.#readObject(line);
    if (fault === undefined) return "record";
    this.fault = fault;
    this.faultColumn = fault.column;
    return "broken";
  }

  /** Makes fields of a line; returns why it is invalid instead. */
  #readObject(line: Buffer): ({ column: string } & Fault) | undefined {
    const row = objectOf(line, this.#keepsText);
    if ("reason" in row) return { column: "", ...row };
    const { columns, name: table } = this.#table;
    const texts: (string | undefined)[] = new Array(columns.length).fill(undefined);
    for (const [name, value] of row.entries) {
      const index = this.#columnOf(name);
      if (index < 0) {
        if (this.#ignoresExtra) continue;
        return { column: name.slice(0, 64).toWellFormed(), code: "columns", reason: `is no column of ${table}` };
      }
      const column = columns[index]!;
      if (texts[index] !== undefined) return { column: column.name, code: "columns", reason: "appears more than once" };
      const text = valueText(column, value);
      if (typeof text !== "string") return { column: column.name, ...text };
      texts[index] = text;
    }
    const parts = [line];
    let at = line.length;
    for (const [index, text] of texts.entries()) {
      this.order[index] = text === undefined ? -1 : index;
      this.starts[index] = at;
      if (text !== undefined) {
        const bytes = Buffer.from(text);
        parts.push(bytes);
        at += bytes.length;
      }
      this.ends[index] = at;
    }
    this.window = Buffer.concat(parts, at);
    return undefined;
  }

  #columnOf(name: string): number {
    let index = this.#columns.get(name);
    if (index === undefined) {
      const plain = plainName(name);
      const wanted = this.#map.get(plain) ?? plain;
      index = this.#table.columns.findIndex((column) => plainName(column.name) === wanted);
      if (this.#columns.size >= maxNames) this.#columns.clear();
      this.#columns.set(name, index);
    }
    return index;
  }
}

function objectOf(line: Buffer, keepsText: boolean): { entries: [string, unknown][] } | Fault {
  if (!isUtf8(line)) return notUtf8;
  const text = line.toString();
  try {
    const row: unknown = keepsText || mayBeInexact.test(text) ? parseExact(text) : JSON.parse(text);
    if (typeof row !== "object" || row === null || Array.isArray(row)) return notObject;
    if (rawLineKey in row && "_line" in row) return notMended;
    return { entries: Object.entries(row) };
  } catch {
    return notObject;
  }
}

/** A reader of lines, as `JsonLinesReader` takes it; `line`: the number of the first one in the rest of a file. */
export function linesReader(line?: number): CsvReader {
  return new CsvReader(1, { dialect: wholeLines, ...(line !== undefined && { line }) });
}

/** An NDJSON file as it arrives. */
export class JsonLinesSource implements RecordSource {
  readonly records: JsonLinesReader;
  readonly #file: CsvSource;

  /** `from`: the position at which the rest of the file begins. */
  constructor(table: Table, rest: FileRest, from: Pick<SourcePosition, "bytes" | "lines">, columns: ColumnOptions) {
    const lines = linesReader(from.bytes > 0 ? from.lines + 1 : undefined);
    this.#file = new CsvSource(lines, rest, { bytes: from.bytes, encoding: "utf-8" });
    this.records = new JsonLinesReader(table, lines, columns);
  }

  fill(): Promise<void> {
    return this.#file.fill();
  }

  position(): SourcePosition {
    return this.#file.position();
  }
}

/** The texts that are no value in an NDJSON file: null, and those that are given. */
export function missingInJson(given: readonly string[] = []): string[] {
  return [nullField, ...given];
}
