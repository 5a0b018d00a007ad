import type { Fault } from "./fault.ts";

/**
 * One record as bytes of UTF-8: field `i` is `window[starts[i]..ends[i])`, without its quotes. If `escaped[i]` is not 0, the field
 * still contains escapes: `fieldBytes` resolves them. Valid until the next record is read.
 */
export interface RecordBytes {
  window: Buffer;
  /** The number of fields; the arrays have only as many as fit. */
  fieldCount: number;
  starts: Int32Array;
  ends: Int32Array;
  escaped: Uint8Array;
  /** 1 for a field in quotes: an empty one is a text and not a missing value. */
  quoted: Uint8Array;
  /** The range of the whole record in the window, without its line end. */
  recordStart: number;
  recordEnd: number;
  /** The line on which it starts, from 1. */
  recordLine: number;
  /** The bytes of an escaped field without its escapes. */
  unescape(start: number, end: number): Buffer;
}

/** The result of `next`: a record, a line that is not a record, more bytes needed, or the end of the file. */
export type ReadResult = "record" | "broken" | "more" | "end";

/** Reads records one after the other out of the bytes that are there. */
export interface RecordReader extends RecordBytes {
  /** Moves to the next record. After `broken`, `fault` says why; after `more`, the source must be filled. */
  next(): ReadResult;
  /** Why the last line was broken. */
  fault: Fault;
  /** The column that is the reason; absent or empty when it is the line as a whole. */
  readonly faultColumn?: string;
  /** For each column of the table the index of its field in this record, where records have names of their own. */
  readonly order?: readonly number[];
  /** The line of the next record, from 1. */
  line: number;
  /** Whether the reader is within a line that it skips, so that a load must not stop here. */
  readonly midLine: boolean;
}

/** A position between two records, up to which the file was read; a load resumes from it. */
export interface SourcePosition {
  /** Bytes of the file as it was sent. */
  bytes: number;
  lines: number;
  /** SHA-256 of these bytes, in hex. */
  digest: string;
}

/** The records of a file in any format. */
export interface RecordSource {
  readonly records: RecordReader;
  /** Reads more of the file, after `more`. Once the file has ended, `next` returns records or `end` but never `more`. */
  fill(): Promise<void>;
  /** The position after the last record. */
  position(): SourcePosition;
}

/** The unescaped bytes of a field. */
export function fieldBytes(record: RecordBytes, index: number): Buffer {
  const start = record.starts[index]!;
  const end = record.ends[index]!;
  return record.escaped[index] === 0 ? record.window.subarray(start, end) : record.unescape(start, end);
}
