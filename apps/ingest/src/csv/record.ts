/**
 * One record as bytes: field `i` is `window[starts[i]..ends[i])`, without its quotes. If `doubled[i]` is 1, the field still
 * contains doubled quotes. Valid until the next record is read.
 */
export interface RecordBytes {
  window: Buffer;
  /** The number of fields; the arrays have only as many as fit. */
  fieldCount: number;
  starts: Int32Array;
  ends: Int32Array;
  doubled: Uint8Array;
  /** The range of the whole record in the window, without its line end. */
  recordStart: number;
  recordEnd: number;
  /** The line on which it starts, from 1. */
  recordLine: number;
}

const quote = 0x22;

/** The bytes of a field with doubled quotes replaced by single ones. */
export function withoutDoubledQuotes(window: Buffer, start: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(end - start);
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = window[at]!;
    bytes[length++] = byte;
    if (byte === quote) at++;
  }
  return bytes.subarray(0, length);
}

/** The unescaped bytes of a field. */
export function fieldBytes(record: RecordBytes, index: number): Buffer {
  const start = record.starts[index]!;
  const end = record.ends[index]!;
  return record.doubled[index] === 1
    ? withoutDoubledQuotes(record.window, start, end)
    : record.window.subarray(start, end);
}
