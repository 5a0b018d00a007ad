import type { Fault } from "./fault.ts";
import type { RecordBytes } from "./record.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;
const comma = 0x2c;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** The max size of a record in bytes; a longer one is rejected without being buffered. */
export const maxRecordBytes = 64 * 1024;

/** The result of `next`: a record, a line that is not a record, more bytes needed, or the end of the file. */
export type ReadResult = "record" | "broken" | "more" | "end";

export const csvFaults = {
  tooLong: { code: "too-long", reason: "is longer than 64 KiB" },
  unclosedQuote: { code: "quote", reason: "has a quote that is not closed" },
  afterQuote: { code: "quote", reason: "has text after a closing quote" },
} as const satisfies Record<string, Fault>;

/**
 * Reads the records of a CSV file (RFC 4180) from its bytes as they arrive, in memory bounded by one chunk and one record.
 * Lines end in LF or CRLF, except possibly the last; empty lines and a byte order mark are skipped; quoted fields may contain
 * line ends. A quote inside a field that does not start with one is an ordinary character.
 *
 * A record with unbalanced quotes, or a record that is too long, is `broken`: its first line is skipped with `fault` as the
 * reason, and reading continues with the next line, so that a stray quote costs one line.
 *
 * The records do not depend on how the bytes are split into chunks.
 */
export class CsvReader implements RecordBytes {
  window: Buffer = Buffer.alloc(0);
  fieldCount = 0;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly doubled: Uint8Array;
  recordStart = 0;
  recordEnd = 0;
  recordLine = 1;
  /** Why the last line was broken. */
  fault: Fault = csvFaults.unclosedQuote;
  /** The line of the next byte, from 1. */
  line: number;

  readonly #kept: number;
  #position = 0;
  #taken = 0;
  #started: boolean;
  #ended = false;
  #skipping = false;

  /**
   * `columns`: how many fields of a record are kept. `resume`: the bytes are the rest of a file whose records before `line` have
   * been read already.
   */
  constructor(columns: number, resume?: { line: number }) {
    this.#kept = columns;
    this.starts = new Int32Array(columns);
    this.ends = new Int32Array(columns);
    this.doubled = new Uint8Array(columns);
    this.line = resume?.line ?? 1;
    this.#started = resume !== undefined;
  }

  /** Adds the next bytes of the file. Call `takeConsumed` before. */
  push(chunk: Buffer): void {
    const rest = this.window.subarray(this.#position);
    this.window = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    this.#position = 0;
    this.#taken = 0;
  }

  /** Signals that there are no more bytes. */
  end(): void {
    this.#ended = true;
  }

  /** The bytes consumed since the last call, up to the end of a record or line; for the digest of the file. */
  takeConsumed(): Buffer {
    const read = this.window.subarray(this.#taken, this.#position);
    this.#taken = this.#position;
    return read;
  }

  /** Whether a line is being skipped, so that the consumed bytes do not end at the end of a line. */
  get midLine(): boolean {
    return this.#skipping;
  }

  next(): ReadResult {
    if (!this.#started && !this.#start()) return "more";
    if (this.#skipping && !this.#skipLine()) return this.#ended ? "end" : "more";
    const { window } = this;
    for (;;) {
      const at = this.#position;
      const byte = window[at];
      if (byte === undefined) return this.#ended ? "end" : "more";
      if (byte === lineFeed) this.#position = at + 1;
      else if (byte === carriageReturn && this.#endsLine(at + 1)) this.#position = Math.min(at + 2, window.length);
      else return this.#record(at);
      this.line++;
    }
  }

  #start(): boolean {
    const head = this.window.subarray(0, 3);
    if (head.length < 3 && !this.#ended && head.equals(byteOrderMark.subarray(0, head.length))) return false;
    if (head.equals(byteOrderMark)) this.#position = 3;
    this.#started = true;
    return true;
  }

  /** Whether a carriage return before `at` is the end of a line. */
  #endsLine(at: number): boolean {
    return this.window[at] === lineFeed || (this.#ended && at === this.window.length);
  }

  #skipLine(): boolean {
    const end = this.window.indexOf(lineFeed, this.#position);
    this.#position = end < 0 ? this.window.length : end + 1;
    if (end < 0) return false;
    this.#skipping = false;
    this.line++;
    return true;
  }

  #record(start: number): ReadResult {
    const { window } = this;
    const length = window.length;
    let at = start;
    let lines = 0;
    let fields = 0;
    let from: number;
    let to: number;
    let hasDoubled: 0 | 1;
    for (;;) {
      hasDoubled = 0;
      if (window[at] === quote) {
        from = ++at;
        for (;;) {
          let byte = 0;
          while (at < length) {
            byte = window[at]!;
            if (byte === quote) break;
            if (byte === lineFeed) lines++;
            at++;
          }
          if (at >= length) return this.#incomplete(start, csvFaults.unclosedQuote);
          if (window[at + 1] !== quote) break;
          hasDoubled = 1;
          at += 2;
        }
        to = at++;
        if (at >= length && !this.#ended) return this.#more(start);
        const after = window[at];
        const closed = after === undefined || after === comma || after === lineFeed;
        if (!closed && after === carriageReturn) {
          if (at + 1 >= length && !this.#ended) return this.#more(start);
          if (at + 1 >= length || window[at + 1] === lineFeed) at++;
          else return this.#brokenLine(start, at, csvFaults.afterQuote);
        } else if (!closed) {
          return this.#brokenLine(start, at, csvFaults.afterQuote);
        }
      } else {
        from = at;
        while (at < length) {
          const byte = window[at]!;
          if (byte === comma || byte === lineFeed) break;
          at++;
        }
        if (at >= length && !this.#ended) return this.#more(start);
        to = window[at] !== comma && at > from && window[at - 1] === carriageReturn ? at - 1 : at;
      }
      if (fields < this.#kept) {
        this.starts[fields] = from;
        this.ends[fields] = to;
        this.doubled[fields] = hasDoubled;
      }
      fields++;
      if (window[at] !== comma) break;
      at++;
    }
    const end = at > start && window[at - 1] === carriageReturn ? at - 1 : at;
    if (end - start > maxRecordBytes) return this.#tooLong(start);
    this.fieldCount = fields;
    this.recordStart = start;
    this.recordEnd = end;
    this.recordLine = this.line;
    this.line += lines + 1;
    this.#position = Math.min(at + 1, length);
    return "record";
  }

  /** The record continues after the window, unless it is already too long (2 bytes for an incomplete line end). */
  #more(start: number): ReadResult {
    return this.window.length - start > maxRecordBytes + 2 ? this.#tooLong(start) : "more";
  }

  /** The window ends inside quotes. */
  #incomplete(start: number, fault: Fault): ReadResult {
    return this.#ended ? this.#brokenLine(start, this.window.length, fault) : this.#more(start);
  }

  /** The record is invalid at `at`: skips its first line. */
  #brokenLine(start: number, at: number, fault: Fault): ReadResult {
    if (at - start > maxRecordBytes) return this.#tooLong(start);
    const lineEnd = this.window.indexOf(lineFeed, start);
    if (lineEnd < 0 && !this.#ended) return this.#more(start);
    const end = lineEnd < 0 ? this.window.length : lineEnd;
    const bare = end > start && this.window[end - 1] === carriageReturn ? end - 1 : end;
    if (bare - start > maxRecordBytes) return this.#tooLong(start);
    // If the record is invalid on a later line, the skipped line is the one with the open quote.
    return this.#broken(start, bare, end + 1, at > end ? csvFaults.unclosedQuote : fault);
  }

  /** Skips the first line of a record that is too long; if that line itself is too long, its rest is skipped as it arrives. */
  #tooLong(start: number): ReadResult {
    const lineLength = this.window.subarray(start, start + maxRecordBytes + 2).indexOf(lineFeed);
    const end = start + lineLength;
    const bare = lineLength > 0 && this.window[end - 1] === carriageReturn ? end - 1 : end;
    if (lineLength >= 0 && bare - start <= maxRecordBytes) {
      return this.#broken(start, bare, end + 1, csvFaults.unclosedQuote);
    }
    this.#skipping = true;
    return this.#broken(start, start + maxRecordBytes, start + maxRecordBytes, csvFaults.tooLong, 0);
  }

  #broken(start: number, end: number, next: number, fault: Fault, lines = 1): ReadResult {
    this.fault = fault;
    this.recordStart = start;
    this.recordEnd = end;
    this.recordLine = this.line;
    this.line += lines;
    this.#position = Math.min(next, this.window.length);
    return "broken";
  }
}
