import { type FieldCodec, tableCodecs } from "../fields/codec.ts";
import { maxGrowth } from "../fields/field-writer.ts";
import type { Table } from "../tables/table.ts";
import type { Fault } from "./fault.ts";
import { type FieldOrder, tableOrder } from "./header.ts";
import { lineFeed, tab } from "./load-data-format.ts";
import type { RecordBytes } from "./record.ts";
import { maxRawBytes, type Reject, rowFaults } from "./row-faults.ts";
import { type KeyValue, type RowKeys, type RowReferences, readKey, tableKeys, tableReferences } from "./row-keys.ts";

/** Room for one record of the usual max size; the text grows for a longer one. */
const reserveBytes = 256 * 1024;
const maxRejectBytes = 2 * 1024 * 1024;
const maxRawBatchBytes = 8 * 1024 * 1024;

/**
 * A batch of validated rows as text for `LOAD DATA`, and the rejects between them. Its size is bounded in rows and bytes. It keeps
 * the position of each row's bytes in case the database refuses the row.
 */
export class RowBatch {
  readonly table: Table;
  readonly rejects: Reject[] = [];
  /** The number of records added: rows and rejects. */
  received = 0;
  rows = 0;
  /** The primary key, then each unique column. */
  readonly keys: readonly RowKeys[];
  readonly references: readonly RowReferences[];

  readonly #allKeys: readonly RowKeys[];
  readonly #codecs: readonly FieldCodec[];
  readonly #limits: { rows: number; bytes: number };
  readonly #absentBytes: number;
  #text: Buffer;
  #length = 0;
  /** The positions of the fields of the last row. */
  readonly #starts: Int32Array;
  readonly #fieldEnds: Int32Array;
  readonly #ends: Int32Array;
  readonly #lines: Float64Array;
  /** The records as they were read, from the first row to the last; where each row is in it. */
  #raw: Buffer;
  #rawLength = 0;
  readonly #rawStart: Int32Array;
  readonly #rawEnd: Int32Array;
  /** The window of the last row, and the range of it that is not in `#raw` yet. */
  #window: Buffer | undefined;
  #windowStart = 0;
  #windowEnd = 0;
  #rejectBytes = 0;

  /** `codecs`: how the fields of each column are read; by default by the definition alone. */
  constructor(
    table: Table,
    limits: { rows: number; bytes: number },
    codecs: readonly FieldCodec[] = tableCodecs(table),
  ) {
    this.table = table;
    this.#limits = limits;
    this.#codecs = codecs;
    this.#absentBytes = codecs.reduce((sum, { absent }) => sum + (Buffer.isBuffer(absent) ? absent.length : 0), 0);
    // Memory that is never written to is never allocated, so a small load stays small.
    this.#text = Buffer.allocUnsafeSlow(limits.bytes + reserveBytes);
    this.#raw = Buffer.allocUnsafeSlow(limits.bytes + reserveBytes);
    this.keys = tableKeys(table);
    this.references = tableReferences(table);
    const own = this.references.flatMap((reference) => reference.own ?? []);
    this.#allKeys = [...this.keys, ...this.references, ...own];
    this.#starts = new Int32Array(table.columns.length);
    this.#fieldEnds = new Int32Array(table.columns.length);
    const perRow = () => new Int32Array(limits.rows);
    this.#ends = perRow();
    this.#rawStart = perRow();
    this.#rawEnd = perRow();
    this.#lines = new Float64Array(limits.rows);
  }

  get isEmpty(): boolean {
    return this.received === 0;
  }

  get isFull(): boolean {
    return (
      this.rows === this.#limits.rows ||
      this.#length > this.#limits.bytes ||
      this.rejects.length >= this.#limits.rows ||
      this.#rejectBytes > maxRejectBytes ||
      this.#rawLength + this.#windowEnd - this.#windowStart > maxRawBatchBytes
    );
  }

  /** The primary keys of the rows. */
  get primaryKeys(): readonly KeyValue[] {
    return this.keys[0]!.values;
  }

  /** Empties the batch for reuse. */
  clear(): void {
    this.rejects.length = 0;
    this.received = 0;
    this.rows = 0;
    this.#length = 0;
    this.#rawLength = 0;
    this.#window = undefined;
    this.#windowStart = 0;
    this.#windowEnd = 0;
    this.#rejectBytes = 0;
    for (const keys of this.#allKeys) keys.values = [];
  }

  /**
   * Adds a record as a row, or as a reject with the fault of its first invalid column. Whether it is a row. `order`: for each column of
   * the table the index of its field, -1 when there is none; `width`: how many fields a record must have.
   */
  add(record: RecordBytes, order: FieldOrder = tableOrder(this.table), width = this.table.columns.length): boolean {
    if (record.fieldCount !== width) {
      this.reject(record, "", rowFaults.columnCount(record.fieldCount, width));
      return false;
    }
    const codecs = this.#codecs;
    const starts = this.#starts;
    const ends = this.#fieldEnds;
    const rowBytes = 2 * (record.recordEnd - record.recordStart) + codecs.length * (maxGrowth + 1) + this.#absentBytes;
    const text = withRoom(this.#text, this.#length, rowBytes);
    this.#text = text;
    let place = this.#length;
    for (let index = 0; index < codecs.length; index++) {
      const codec = codecs[index]!;
      const field = order[index]!;
      starts[index] = place;
      if (field < 0) {
        if (!Buffer.isBuffer(codec.absent)) {
          this.reject(record, this.table.columns[index]!.name, codec.absent as Fault);
          return false;
        }
        place += codec.absent.copy(text, place);
      } else {
        let bytes = record.window;
        let start = record.starts[field]!;
        let end = record.ends[field]!;
        if (record.escaped[field] !== 0) {
          bytes = record.unescape(start, end);
          start = 0;
          end = bytes.length;
        }
        const next = codec.write(bytes, start, end, text, place);
        if (next < 0) {
          this.reject(record, this.table.columns[index]!.name, codec.faultOf(next));
          return false;
        }
        place = next;
      }
      ends[index] = place;
      text[place++] = tab;
    }
    text[place - 1] = lineFeed;
    for (const keys of this.#allKeys) keys.values.push(readKey(keys, text, starts, ends));
    this.#length = place;
    this.#keep(record, this.rows++, place);
    this.received++;
    return true;
  }

  /** Adds a record as a reject. */
  reject(record: RecordBytes, column: string, { code, reason }: Fault): void {
    const raw = rawBytes(record.window, record.recordStart, record.recordEnd);
    this.rejects.push({ line: record.recordLine, column, code, reason, raw });
    this.#rejectBytes += raw.length + 64;
    this.received++;
  }

  /** A reject for a row that the database must not or did not store. */
  rejectOf(row: number, column: string, { code, reason }: Fault): Reject {
    this.#copyWindow();
    const raw = rawBytes(this.#raw, this.#rawStart[row]!, this.#rawEnd[row]!);
    return { line: this.#lines[row]!, column, code, reason, raw };
  }

  /** The rows `from` to `to` as text for `LOAD DATA`, except those in `skipped`. */
  text(skipped: { size: number; keys(): Iterable<number> } = new Set(), from = 0, to = this.rows): Buffer {
    const start = (row: number) => (row === 0 ? 0 : this.#ends[row - 1]!);
    if (skipped.size === 0) return this.#text.subarray(start(from), start(to));
    const parts: Buffer[] = [];
    let next = from;
    for (const row of [...skipped.keys()].sort((a, b) => a - b)) {
      if (row < from || row >= to) continue;
      parts.push(this.#text.subarray(start(next), start(row)));
      next = row + 1;
    }
    parts.push(this.#text.subarray(start(next), start(to)));
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** Whether two batches have a key in common. */
  sharesKeysWith(other: RowBatch): boolean {
    return this.keys.some(({ values }, at) => shareValues(values, other.keys[at]!.values));
  }

  #keep(record: RecordBytes, row: number, end: number): void {
    if (this.#window !== record.window) {
      this.#copyWindow();
      this.#window = record.window;
      this.#windowStart = record.recordStart;
    }
    const offset = this.#rawLength - this.#windowStart;
    this.#ends[row] = end;
    this.#lines[row] = record.recordLine;
    this.#rawStart[row] = record.recordStart + offset;
    this.#rawEnd[row] = record.recordEnd + offset;
    this.#windowEnd = record.recordEnd;
  }

  /**
   * Copies the records of the last window, all at once. If the batch held the windows themselves, each would become old memory of V8,
   * which only a collection of its whole heap frees.
   */
  #copyWindow(): void {
    if (this.#window === undefined) return;
    this.#raw = withRoom(this.#raw, this.#rawLength, this.#windowEnd - this.#windowStart);
    this.#rawLength += this.#window.copy(this.#raw, this.#rawLength, this.#windowStart, this.#windowEnd);
    this.#windowStart = this.#windowEnd;
  }
}

/** `buffer` with room for more bytes after its first `length` ones, which are kept. */
function withRoom(buffer: Buffer, length: number, bytes: number): Buffer {
  if (length + bytes <= buffer.length) return buffer;
  const longer = Buffer.allocUnsafeSlow(Math.max(length + bytes, 2 * buffer.length));
  buffer.copy(longer, 0, 0, length);
  return longer;
}

function shareValues(mine: readonly KeyValue[], theirs: readonly KeyValue[]): boolean {
  const [low, high] = bounds(mine);
  const [otherLow, otherHigh] = bounds(theirs);
  if (high < otherLow || otherHigh < low) return false;
  const known = new Set(theirs);
  return mine.some((value) => value !== null && known.has(value));
}

/** The least and the greatest of keys that are numbers; everything when there are others. */
function bounds(values: readonly KeyValue[]): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (typeof value !== "number") return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** A copy of a record's bytes, which does not keep its window in memory. */
function rawBytes(window: Buffer, start: number, end: number): Buffer {
  return Buffer.from(window.subarray(start, Math.min(end, start + maxRawBytes)));
}
