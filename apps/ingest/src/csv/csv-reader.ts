import { type Dialect, defaultDialect } from "./dialect.ts";
import type { Fault } from "./fault.ts";
import type { ReadResult, RecordReader } from "./record.ts";
import { unescapeField } from "./unescape-field.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const tab = 0x09;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const none = -1;

/** The max size of a record in bytes, as DuckDB has it by default; a longer one is rejected without being buffered. */
export const maxRecordBytes = 2 * 1024 * 1024;

export const csvFaults = {
  tooLong: { code: "too-long", reason: "is longer than 2 MiB" },
  unclosedQuote: { code: "quote", reason: "has a quote that is not closed" },
  afterQuote: { code: "quote", reason: "has text after a closing quote" },
} as const satisfies Record<string, Fault>;

/** How a reader starts. */
export interface ReaderOptions {
  dialect?: Dialect;
  /** The bytes are the rest of a file whose records before this line have been read already. */
  line?: number;
  /** The number of fields of a row; with a trailing delimiter, an empty field after them is none. */
  width?: number;
}

/**
 * Reads the records of a CSV file from its bytes in UTF-8 as they arrive, in memory bounded by one chunk and one record. By default
 * as RFC 4180 has them: lines end in LF or CRLF, except possibly the last; empty lines and a byte order mark are skipped; quoted
 * fields may contain line ends. A quote inside a field that does not start with one is an ordinary character.
 *
 * A record with unbalanced quotes, or a record that is too long, is `broken`: its first line is skipped with `fault` as the
 * reason, and reading continues with the next line, so that a stray quote costs one line.
 *
 * The records do not depend on how the bytes are split into chunks.
 */
export class CsvReader implements RecordReader {
  window: Buffer = Buffer.alloc(0);
  fieldCount = 0;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly escaped: Uint8Array;
  readonly quoted: Uint8Array;
  recordStart = 0;
  recordEnd = 0;
  recordLine = 1;
  fault: Fault = csvFaults.unclosedQuote;
  line: number;

  readonly #kept: number;
  /** The number of fields of a row; with a trailing delimiter, one more that is empty is none. */
  readonly #width: number;
  readonly #delimiter: number;
  /** The bytes of the delimiter after its first one. */
  readonly #delimiterRest: Buffer;
  readonly #quote: number;
  readonly #escape: number;
  readonly #comment: Buffer | undefined;
  readonly #trim: boolean;
  /** Whether a lone CR, and CR CR LF, end a line too. */
  readonly #anyEnd: boolean;
  readonly #isSimple: boolean;
  /** 1 for the bytes at which an unquoted field may end, or has an escape. */
  readonly #stops = new Uint8Array(256);
  #position = 0;
  #taken = 0;
  #started: boolean;
  #linesToSkip: number;
  #ended = false;
  #skipping = false;

  /** `columns`: how many fields of a record are kept. */
  constructor(
    columns: number,
    { dialect = defaultDialect, line, width = Number.POSITIVE_INFINITY }: ReaderOptions = {},
  ) {
    this.#kept = columns;
    this.starts = new Int32Array(columns);
    this.ends = new Int32Array(columns);
    this.escaped = new Uint8Array(columns);
    this.quoted = new Uint8Array(columns);
    this.line = line ?? 1;
    this.#started = line !== undefined;
    this.#linesToSkip = line === undefined ? dialect.skip : 0;
    const delimiter = Buffer.from(dialect.delimiter);
    this.#delimiter = delimiter[0] ?? none;
    this.#delimiterRest = delimiter.subarray(1);
    this.#quote = byteOf(dialect.quote);
    this.#escape = dialect.escape === dialect.quote ? none : byteOf(dialect.escape);
    this.#comment = dialect.comment ? Buffer.from(dialect.comment) : undefined;
    this.#trim = dialect.trim;
    this.#anyEnd = dialect.lineEnd !== "lf" && dialect.lineEnd !== "crlf";
    this.#width = dialect.trailingDelimiter ? width : Number.POSITIVE_INFINITY;
    this.#isSimple = delimiter.length === 1 && this.#escape === none && !this.#trim && !this.#anyEnd;
    for (const stop of [this.#delimiter, this.#escape, lineFeed]) if (stop !== none) this.#stops[stop] = 1;
    if (this.#anyEnd) this.#stops[carriageReturn] = 1;
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

  /** Whether all bytes of the file have been read. */
  get hasEnded(): boolean {
    return this.#ended && this.#position === this.window.length;
  }

  /** The bytes of a record that has not ended yet. */
  get pendingBytes(): number {
    return this.window.length - this.#position;
  }

  get midLine(): boolean {
    return this.#skipping;
  }

  unescape(start: number, end: number): Buffer {
    return unescapeField(this.window, start, end, { quote: this.#quote, escapeByte: this.#escape });
  }

  next(): ReadResult {
    if (!this.#started && !this.#start()) return "more";
    for (;;) {
      if (this.#skipping && !this.#skipLine()) return this.#ended ? "end" : "more";
      const at = this.#position;
      const byte = this.window[at];
      if (byte === undefined) return this.#ended ? "end" : "more";
      if (this.#linesToSkip > 0) {
        this.#linesToSkip--;
        this.#skipping = true;
      } else if (byte === lineFeed) {
        this.#position = at + 1;
        this.line++;
      } else if (byte === carriageReturn && (this.#anyEnd || this.#endsLine(at + 1))) {
        const after = this.#afterLineEnd(at);
        if (after < 0) return "more";
        this.#position = after;
        this.line++;
      } else {
        const comment = this.#comment === undefined ? false : this.#matches(this.#comment, at);
        if (comment === undefined) return "more";
        if (!comment) return this.#isSimple ? this.#simpleRecord(at) : this.#record(at);
        this.#skipping = true;
      }
    }
  }

  #start(): boolean {
    const head = this.window.subarray(0, 3);
    if (head.length < 3 && !this.#ended && head.equals(byteOrderMark.subarray(0, head.length))) return false;
    if (head.equals(byteOrderMark)) this.#position = 3;
    this.#started = true;
    return true;
  }

  /** Whether the bytes at `at` are the wanted ones; undefined when more bytes are needed to know. */
  #matches(wanted: Buffer, at: number): boolean | undefined {
    const { window } = this;
    for (let index = 0; index < wanted.length; index++) {
      if (at + index >= window.length) return this.#ended ? false : undefined;
      if (window[at + index] !== wanted[index]) return false;
    }
    return true;
  }

  /** Whether a carriage return before `at` is the end of a line. */
  #endsLine(at: number): boolean {
    return this.window[at] === lineFeed || (this.#ended && at === this.window.length);
  }

  /** The position after the line end at `at`; negative when more bytes are needed to know. */
  #afterLineEnd(at: number): number {
    const { window } = this;
    if (window[at] !== carriageReturn) return Math.min(at + 1, window.length);
    const isKnown =
      this.#ended || (at + 1 < window.length && (window[at + 1] !== carriageReturn || at + 2 < window.length));
    if (!isKnown) return -1;
    if (window[at + 1] === lineFeed) return at + 2;
    return window[at + 1] === carriageReturn && window[at + 2] === lineFeed ? at + 3 : at + 1;
  }

  /** The position of the first line end in `start..end`; negative when there is none. */
  #findLineEnd(start: number, end: number = this.window.length): number {
    const { window } = this;
    if (!this.#anyEnd) {
      const found = window.subarray(start, end).indexOf(lineFeed);
      if (found < 0) return -1;
      return found > 0 && window[start + found - 1] === carriageReturn ? start + found - 1 : start + found;
    }
    for (let at = start; at < Math.min(end, window.length); at++) {
      if (window[at] === lineFeed || window[at] === carriageReturn) return at;
    }
    return -1;
  }

  #skipLine(): boolean {
    const end = this.#findLineEnd(this.#position);
    const after = end < 0 ? -1 : this.#afterLineEnd(end);
    if (after < 0) {
      // A carriage return at the end may be a part of a line end.
      const isCut = !this.#ended && this.window.at(-1) === carriageReturn;
      this.#position = end >= 0 ? end : Math.max(this.#position, this.window.length - (isCut ? 1 : 0));
      return false;
    }
    this.#position = after;
    this.#skipping = false;
    this.line++;
    return true;
  }

  /** A record of a dialect with one byte as its delimiter, quotes that are doubled, and lines that end in LF or CRLF. */
  #simpleRecord(start: number): ReadResult {
    const { window } = this;
    const quote = this.#quote;
    const delimiter = this.#delimiter;
    const length = window.length;
    let at = start;
    let lines = 0;
    let fields = 0;
    let from: number;
    let to: number;
    let hasDoubled: 0 | 1;
    let inQuotes: 0 | 1;
    for (;;) {
      hasDoubled = 0;
      inQuotes = 0;
      if (window[at] === quote) {
        inQuotes = 1;
        from = ++at;
        for (;;) {
          let byte = 0;
          while (at < length) {
            byte = window[at]!;
            if (byte === quote) break;
            if (byte === lineFeed) lines++;
            at++;
          }
          if (at >= length) return this.#incomplete(start);
          if (window[at + 1] !== quote) break;
          hasDoubled = 1;
          at += 2;
        }
        to = at++;
        if (at >= length && !this.#ended) return this.#more(start);
        const after = window[at];
        const closed = after === undefined || after === delimiter || after === lineFeed;
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
          if (byte === delimiter || byte === lineFeed) break;
          at++;
        }
        if (at >= length && !this.#ended) return this.#more(start);
        to = window[at] !== delimiter && at > from && window[at - 1] === carriageReturn ? at - 1 : at;
      }
      if (fields < this.#kept) {
        this.starts[fields] = from;
        this.ends[fields] = to;
        this.escaped[fields] = hasDoubled;
        this.quoted[fields] = inQuotes;
      }
      fields++;
      if (window[at] !== delimiter) break;
      at++;
    }
    const end = at > start && window[at - 1] === carriageReturn ? at - 1 : at;
    if (fields === this.#width + 1 && from === to && inQuotes === 0) fields--;
    return this.#found(start, end, Math.min(at + 1, length), fields, lines);
  }

  /** A record of any dialect. */
  #record(start: number): ReadResult {
    const { window } = this;
    const quote = this.#quote;
    const escapeByte = this.#escape;
    const length = window.length;
    let at = start;
    let lines = 0;
    let fields = 0;
    for (;;) {
      let from = at;
      let to: number;
      let hasEscapes: 0 | 1 = 0;
      let inQuotes: 0 | 1 = 0;
      if (this.#trim) {
        from = this.#afterBlanks(at);
        if (from >= length && !this.#ended) return this.#more(start);
        if (window[from] === quote) at = from;
      }
      if (quote !== none && window[at] === quote) {
        inQuotes = 1;
        from = ++at;
        for (;;) {
          let byte = 0;
          while (at < length) {
            byte = window[at]!;
            if (byte === quote || byte === escapeByte) break;
            if (byte === lineFeed || (byte === carriageReturn && this.#anyEnd && window[at + 1] !== lineFeed)) lines++;
            at++;
          }
          if (at >= length) return this.#incomplete(start);
          if (byte === escapeByte) {
            if (at + 1 >= length) return this.#incomplete(start);
            if (window[at + 1] === lineFeed) lines++;
          } else if (window[at + 1] !== quote) {
            break;
          }
          hasEscapes = 1;
          at += 2;
        }
        to = at++;
        if (this.#trim) at = this.#afterBlanks(at);
      } else {
        for (;;) {
          while (at < length && this.#stops[window[at]!] === 0) at++;
          if (at >= length || window[at] !== escapeByte) {
            if (at >= length || window[at] !== this.#delimiter || this.#delimiterRest.length === 0) break;
            const isDelimiter = this.#matches(this.#delimiterRest, at + 1);
            if (isDelimiter === undefined) return this.#more(start);
            if (isDelimiter) break;
            at++;
            continue;
          }
          if (at + 2 >= length && !this.#ended) return this.#more(start);
          // Of the two characters of a line end, only the first is escaped.
          const isLineEnd = window[at + 1] === carriageReturn && window[at + 2] === lineFeed;
          if (isLineEnd || window[at + 1] === lineFeed) lines++;
          hasEscapes = 1;
          at = Math.min(at + (isLineEnd ? 3 : 2), length);
        }
        to = at;
        if (
          !this.#anyEnd &&
          to > from &&
          window[to - 1] === carriageReturn &&
          (at >= length || window[at] === lineFeed)
        )
          to--;
        if (this.#trim) while (to > from && this.#isBlank(window[to - 1])) to--;
        // The two characters that MySQL and Postgres write for NULL are no escape.
        if (hasEscapes === 1 && to - from === 2 && window[to - 1] === 0x4e) hasEscapes = 0;
      }
      if (at >= length && !this.#ended) return this.#more(start);
      if (fields < this.#kept) {
        this.starts[fields] = from;
        this.ends[fields] = to;
        this.escaped[fields] = hasEscapes;
        this.quoted[fields] = inQuotes;
      }
      fields++;
      const byte = window[at];
      if (byte === this.#delimiter) {
        const isDelimiter = this.#delimiterRest.length === 0 || this.#matches(this.#delimiterRest, at + 1);
        if (isDelimiter === undefined) return this.#more(start);
        if (isDelimiter) {
          at += 1 + this.#delimiterRest.length;
          continue;
        }
      }
      if (inQuotes === 1 && byte !== undefined && byte !== lineFeed) {
        if (byte === carriageReturn && at + 1 >= length && !this.#ended) return this.#more(start);
        const endsLine = byte === carriageReturn && (this.#anyEnd || this.#endsLine(at + 1));
        if (!endsLine) return this.#brokenLine(start, at, csvFaults.afterQuote);
      }
      const end = !this.#anyEnd && inQuotes === 0 && at > start && window[at - 1] === carriageReturn ? at - 1 : at;
      const after = this.#afterLineEnd(end);
      if (after < 0) return this.#more(start);
      if (fields === this.#width + 1 && from === to && inQuotes === 0) fields--;
      return this.#found(start, end, after, fields, lines);
    }
  }

  #found(start: number, end: number, after: number, fields: number, lines: number): ReadResult {
    if (end - start > maxRecordBytes) return this.#tooLong(start);
    this.fieldCount = fields;
    this.recordStart = start;
    this.recordEnd = end;
    this.recordLine = this.line;
    this.line += lines + 1;
    this.#position = after;
    return "record";
  }

  #isBlank(byte: number | undefined): boolean {
    return (byte === space || byte === tab) && byte !== this.#delimiter;
  }

  #afterBlanks(start: number): number {
    let at = start;
    while (this.#isBlank(this.window[at])) at++;
    return at;
  }

  /** The record continues after the window, unless it is already too long (3 bytes for an incomplete line end). */
  #more(start: number): ReadResult {
    return this.window.length - start > maxRecordBytes + 3 ? this.#tooLong(start) : "more";
  }

  /** The window ends inside quotes. */
  #incomplete(start: number): ReadResult {
    return this.#ended ? this.#brokenLine(start, this.window.length, csvFaults.unclosedQuote) : this.#more(start);
  }

  /** The record is invalid at `at`: skips its first line. */
  #brokenLine(start: number, at: number, fault: Fault): ReadResult {
    if (at - start > maxRecordBytes) return this.#tooLong(start);
    const lineEnd = this.#findLineEnd(start);
    if (lineEnd < 0 && !this.#ended) return this.#more(start);
    const end = lineEnd < 0 ? this.window.length : lineEnd;
    if (end - start > maxRecordBytes) return this.#tooLong(start);
    const after = this.#afterLineEnd(end);
    if (after < 0) return this.#more(start);
    // If the record is invalid on a later line, the skipped line is the one with the open quote.
    return this.#broken(start, end, after, at > end ? csvFaults.unclosedQuote : fault);
  }

  /** Skips the first line of a record that is too long; if that line itself is too long, its rest is skipped as it arrives. */
  #tooLong(start: number): ReadResult {
    const end = this.#findLineEnd(start, start + maxRecordBytes + 2);
    if (end >= 0 && end - start <= maxRecordBytes) {
      return this.#broken(start, end, Math.max(this.#afterLineEnd(end), end + 1), csvFaults.unclosedQuote);
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

/** The byte of an ASCII character; -1 for none. */
function byteOf(character: string | null): number {
  return character === null || character === "" ? none : character.charCodeAt(0);
}
