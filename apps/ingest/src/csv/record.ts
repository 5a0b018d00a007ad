/**
 * One record as bytes: field `i` is `window[starts[i]..ends[i])`, without its quotes. Where `doubled[i]` is 1 the
 * field still has its doubled quotes. Valid until the next record is read.
 */
export interface RecordBytes {
  window: Buffer;
  /** How many fields there are; only as many as the arrays hold are kept. */
  fieldCount: number;
  starts: Int32Array;
  ends: Int32Array;
  doubled: Uint8Array;
  /** Where the whole record stands in the window, without its line end. */
  recordStart: number;
  recordEnd: number;
  /** The physical line on which it begins, from 1. */
  recordLine: number;
}

const quote = 0x22;

/** The bytes of a field with each doubled quote made one. */
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

/** A field's bytes as a client meant them. */
export function fieldBytes(record: RecordBytes, index: number): Buffer {
  const start = record.starts[index]!;
  const end = record.ends[index]!;
  return record.doubled[index] === 1
    ? withoutDoubledQuotes(record.window, start, end)
    : record.window.subarray(start, end);
}
