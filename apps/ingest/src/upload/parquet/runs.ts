/** A position in bytes that are read. */
export interface Cursor {
  view: DataView;
  offset: number;
}

/**
 * Reads numbers of `width` bits into `to`, from runs of equal ones and groups of eight packed ones
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE). The function of the library writes a damaged run beyond the
 * end of an array. Throws a `RangeError` when the bytes end early.
 */
export function readRuns(from: Cursor, width: number, to: Uint8Array | Int32Array): void {
  if (width > 32) throw new RangeError(`${width} bits`);
  for (let seen = 0; seen < to.length; ) {
    const header = readVarInt(from);
    const isPacked = (header & 1) === 1;
    const count = Math.min((header >>> 1) * (isPacked ? 8 : 1), to.length - seen);
    if (isPacked) readPacked(from, width, to.subarray(seen, seen + count));
    else to.fill(readWhole(from, (width + 7) >> 3), seen, seen + count);
    seen += count;
  }
}

/** Reads packed numbers, lowest bits first, and what fills up the last group of eight. */
function readPacked(from: Cursor, width: number, to: Uint8Array | Int32Array): void {
  const { view, offset } = from;
  let bits = 0;
  for (let at = 0; at < to.length; at++) {
    let value = 0;
    for (let read = 0; read < width; ) {
      const bit = bits & 7;
      const taken = Math.min(8 - bit, width - read);
      value |= ((view.getUint8(offset + (bits >>> 3)) >>> bit) & ((1 << taken) - 1)) << read;
      read += taken;
      bits += taken;
    }
    to[at] = value;
  }
  from.offset = offset + Math.ceil(to.length / 8) * width;
}

function readWhole(from: Cursor, bytes: number): number {
  let value = 0;
  for (let at = 0; at < bytes; at++) value |= from.view.getUint8(from.offset++) << (8 * at);
  return value;
}

function readVarInt(from: Cursor): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = from.view.getUint8(from.offset++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value >>> 0;
  }
  throw new RangeError("a number of more than 32 bits");
}
