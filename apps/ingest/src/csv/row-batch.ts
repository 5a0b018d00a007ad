import { type ColumnKind, kindOf } from "../tables/kind.ts";
import type { Table } from "../tables/table.ts";
import { writeDateTime } from "./date-time.ts";
import type { Fault } from "./fault.ts";
import { type FieldOrder, tableOrder } from "./header.ts";
import { lineFeed, readId, tab, writeId, writeText } from "./load-data-format.ts";
import type { RecordBytes } from "./record.ts";
import { fieldFault, type Reject, rowFaults } from "./row-faults.ts";

const maxRowBytes = 4096;
const maxRejectBytes = 2 * 1024 * 1024;
const maxWindowBytes = 8 * 1024 * 1024;
const maxRawBytes = 64 * 1024;

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
  readonly ids: Int32Array;
  /** For each referencing column, the ids in the rows. */
  readonly references: { column: string; to: string; ids: Int32Array }[];

  readonly #kinds: readonly ColumnKind[];
  readonly #text: Buffer;
  #length = 0;
  readonly #maxRows: number;
  readonly #ends: Int32Array;
  readonly #lines: Float64Array;
  readonly #rawWindow: Int32Array;
  readonly #rawStart: Int32Array;
  readonly #rawEnd: Int32Array;
  #windows: Buffer[] = [];
  #windowBytes = 0;
  #rejectBytes = 0;

  constructor(table: Table, limits: { rows: number; bytes: number }) {
    this.table = table;
    this.#maxRows = limits.rows;
    this.#kinds = table.columns.map((column) => kindOf(table, column));
    // Memory that is never written to is never allocated, so a small load stays small.
    this.#text = Buffer.allocUnsafeSlow(limits.bytes + maxRowBytes);
    const perRow = () => new Int32Array(limits.rows);
    this.ids = perRow();
    this.#ends = perRow();
    this.#rawWindow = perRow();
    this.#rawStart = perRow();
    this.#rawEnd = perRow();
    this.#lines = new Float64Array(limits.rows);
    this.references = table.columns.flatMap((column) =>
      table.foreignKeys
        .filter(({ columns }) => columns[0] === column.name)
        .map(({ table: to }) => ({ column: column.name, to, ids: perRow() })),
    );
  }

  get isEmpty(): boolean {
    return this.received === 0;
  }

  get isFull(): boolean {
    return (
      this.rows === this.#maxRows ||
      this.#length > this.#text.length - maxRowBytes ||
      this.rejects.length >= this.#maxRows ||
      this.#rejectBytes > maxRejectBytes ||
      this.#windowBytes > maxWindowBytes
    );
  }

  /** Empties the batch for reuse. */
  clear(): void {
    this.rejects.length = 0;
    this.received = 0;
    this.rows = 0;
    this.#length = 0;
    this.#windows = [];
    this.#windowBytes = 0;
    this.#rejectBytes = 0;
  }

  /** Adds a record as a row, or as a reject with the fault of its first invalid column. Whether it is a row. */
  add(record: RecordBytes, order: FieldOrder = tableOrder(this.table)): boolean {
    const { columns } = this.table;
    if (record.fieldCount !== columns.length) {
      this.reject(record, "", rowFaults.columnCount(record.fieldCount, columns.length));
      return false;
    }
    const text = this.#text;
    let place = this.#length;
    let reference = 0;
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index]!;
      const kind = this.#kinds[index]!;
      const field = order[index]!;
      let bytes = record.window;
      let start = record.starts[field]!;
      let end = record.ends[field]!;
      if (record.escaped[field] !== 0) {
        bytes = record.unescape(start, end);
        start = 0;
        end = bytes.length;
      }
      let next: number;
      if (kind === "text") {
        next = writeText(bytes, start, end, text, place);
      } else if (kind === "datetime") {
        next = writeDateTime(bytes, start, end, text, place);
      } else {
        const id = readId(bytes, start, end);
        if (kind === "id") this.ids[this.rows] = id;
        else this.references[reference++]!.ids[this.rows] = id;
        next = id < 0 ? id : writeId(id, text, place);
      }
      if (next < 0) {
        this.reject(record, column.name, fieldFault(next));
        return false;
      }
      text[next] = tab;
      place = next + 1;
    }
    text[place - 1] = lineFeed;
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
    const window = this.#windows[this.#rawWindow[row]!]!;
    return {
      line: this.#lines[row]!,
      column,
      code,
      reason,
      raw: rawBytes(window, this.#rawStart[row]!, this.#rawEnd[row]!),
    };
  }

  /** The rows as text for `LOAD DATA`, except those in `skipped`. */
  text(skipped: { size: number; keys(): Iterable<number> } = new Set()): Buffer {
    if (skipped.size === 0) return this.#text.subarray(0, this.#length);
    const parts: Buffer[] = [];
    let from = 0;
    for (const row of [...skipped.keys()].sort((a, b) => a - b)) {
      parts.push(this.#text.subarray(from, row === 0 ? 0 : this.#ends[row - 1]!));
      from = this.#ends[row]!;
    }
    parts.push(this.#text.subarray(from, this.#length));
    return Buffer.concat(parts);
  }

  /** Whether two batches have an id in common. */
  sharesIdsWith(other: RowBatch): boolean {
    const mine = this.ids.subarray(0, this.rows);
    const theirs = other.ids.subarray(0, other.rows);
    const [low, high] = bounds(mine);
    const [otherLow, otherHigh] = bounds(theirs);
    if (high < otherLow || otherHigh < low) return false;
    const known = new Set(theirs);
    return mine.some((id) => known.has(id));
  }

  #keep(record: RecordBytes, row: number, end: number): void {
    if (this.#windows.at(-1) !== record.window) {
      this.#windows.push(record.window);
      this.#windowBytes += record.window.length;
    }
    this.#ends[row] = end;
    this.#lines[row] = record.recordLine;
    this.#rawWindow[row] = this.#windows.length - 1;
    this.#rawStart[row] = record.recordStart;
    this.#rawEnd[row] = record.recordEnd;
  }
}

function bounds(ids: Int32Array): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const id of ids) {
    if (id < low) low = id;
    if (id > high) high = id;
  }
  return [low, high];
}

/** A copy of a record's bytes, which does not keep its window in memory. */
function rawBytes(window: Buffer, start: number, end: number): Buffer {
  return Buffer.from(window.subarray(start, Math.min(end, start + maxRawBytes)));
}
