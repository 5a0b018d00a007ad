import { promisify } from "node:util";
import { brotliDecompress, crc32, gunzip, zstdDecompress } from "node:zlib";
import type { ColumnMetaData, SchemaElement } from "hyparquet";
import type { parquetHeader } from "hyparquet/src/column.js";
import { deltaBinaryUnpack, deltaByteArray, deltaLengthByteArray } from "hyparquet/src/delta.js";
import { byteStreamSplit } from "hyparquet/src/encoding.js";
import { readPlain } from "hyparquet/src/plain.js";
import { snappyUncompress } from "hyparquet/src/snappy.js";
import { tooLarge, unfit } from "./faults.ts";
import { type Cursor, readRuns } from "./runs.ts";
import type { StoredValue } from "./values.ts";

export type PageHeader = ReturnType<typeof parquetHeader>;
export type StoredValues = ArrayLike<StoredValue>;

/** The values of a page: they themselves, or the numbers of those in the dictionary. */
export interface DataPage {
  /** 1 for a value, 0 for none; undefined when all are there. */
  defined: Uint8Array | undefined;
  values: StoredValues | undefined;
  indexes: Int32Array | undefined;
}

/** The most bytes of a page. */
export const maxPageBytes = 256 * 1024 * 1024;
const inflate = { GZIP: promisify(gunzip), BROTLI: promisify(brotliDecompress), ZSTD: promisify(zstdDecompress) };

/** Throws when a page is damaged, as far as its checksum tells, which is optional. */
export function checkPage(bytes: Uint8Array, { crc }: PageHeader): void {
  if (crc !== undefined && crc >>> 0 !== crc32(bytes)) throw new Error("checksum");
}

/** The bytes of a page, alone in their buffer: the functions of the library do not look where they end. */
async function decompress(bytes: Uint8Array, size: number, codec: ColumnMetaData["codec"]): Promise<Uint8Array> {
  if (codec === "UNCOMPRESSED") return alone(bytes);
  if (size === 0) return new Uint8Array(0);
  if (codec === "SNAPPY") {
    const to = new Uint8Array(size);
    snappyUncompress(bytes, to);
    return to;
  }
  if (codec === "LZ4" || codec === "LZ4_RAW") {
    const { decompressLz4, decompressLz4Raw } = await import("hyparquet-compressors");
    return (codec === "LZ4" ? decompressLz4 : decompressLz4Raw)(bytes, size);
  }
  if (codec !== "GZIP" && codec !== "BROTLI" && codec !== "ZSTD") {
    throw unfit(`The file is compressed by ${codec}, which cannot be read: write it with ZSTD or Snappy.`);
  }
  const plain = await inflate[codec](bytes, { maxOutputLength: size });
  if (plain.length !== size) throw new Error("length of a page");
  return alone(plain);
}

function alone(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
}

const cursorOf = (bytes: Uint8Array): Cursor => ({
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  offset: 0,
});

interface ColumnFacts {
  element: SchemaElement;
  codec: ColumnMetaData["codec"];
}

/** The values of a dictionary page. */
export async function readDictionary(bytes: Uint8Array, header: PageHeader, facts: ColumnFacts): Promise<StoredValues> {
  const { dictionary_page_header: head, uncompressed_page_size: size } = header;
  if (!head || size > maxPageBytes) throw head ? tooLarge("a page of more than 256 MiB") : new Error("dictionary");
  const from = cursorOf(await decompress(bytes, size, facts.codec));
  return plainValues(from, facts.element, head.num_values);
}

/** How many values a data page has, those that are none included. */
export function valuesIn({ data_page_header: head, data_page_header_v2: headV2 }: PageHeader): number {
  const count = (head ?? headV2)?.num_values;
  if (count === undefined || count < 0) throw new Error("data page");
  return count;
}

/** Reads a data page of a column that is not nested. */
export async function readDataPage(bytes: Uint8Array, header: PageHeader, facts: ColumnFacts): Promise<DataPage> {
  if (header.uncompressed_page_size > maxPageBytes) throw tooLarge("a page of more than 256 MiB");
  const { defined, from, encoding } = await (header.data_page_header_v2 ? openV2 : openV1)(bytes, header, facts);
  const all = valuesIn(header);
  const count = defined === undefined ? all : defined.reduce((sum, one) => sum + one, 0);
  const whole = count === all ? undefined : defined;
  if (encoding !== "PLAIN_DICTIONARY" && encoding !== "RLE_DICTIONARY") {
    return { defined: whole, values: valuesOf(from, facts.element, count, encoding), indexes: undefined };
  }
  const indexes = new Int32Array(count);
  if (count > 0) readRuns(from, from.view.getUint8(from.offset++), indexes);
  return { defined: whole, values: undefined, indexes };
}

interface OpenedPage {
  defined: Uint8Array | undefined;
  /** Where the values begin. */
  from: Cursor;
  encoding: string | undefined;
}

async function openV1(bytes: Uint8Array, header: PageHeader, { element, codec }: ColumnFacts): Promise<OpenedPage> {
  const head = header.data_page_header;
  if (!head) throw new Error("data page");
  const from = cursorOf(await decompress(bytes, header.uncompressed_page_size, codec));
  if (element.repetition_type === "REQUIRED") return { defined: undefined, from, encoding: head.encoding };
  if (head.definition_level_encoding !== "RLE") throw unread(head.definition_level_encoding);
  const defined = new Uint8Array(head.num_values);
  const length = from.view.getUint32(0, true);
  readRuns({ view: new DataView(from.view.buffer, 4, length), offset: 0 }, 1, defined);
  from.offset = 4 + length;
  return { defined, from, encoding: head.encoding };
}

/** In the second version of pages, levels are not compressed. */
async function openV2(bytes: Uint8Array, header: PageHeader, { element, codec }: ColumnFacts): Promise<OpenedPage> {
  const head = header.data_page_header_v2;
  if (!head) throw new Error("data page");
  const { definition_levels_byte_length: length, repetition_levels_byte_length: before } = head;
  const rest = bytes.subarray(before + length);
  const size = header.uncompressed_page_size - before - length;
  if (length < 0 || before < 0 || size < 0) throw new Error("levels");
  const from = cursorOf(await decompress(rest, size, head.is_compressed === false ? "UNCOMPRESSED" : codec));
  if (element.repetition_type === "REQUIRED") return { defined: undefined, from, encoding: head.encoding };
  const defined = new Uint8Array(head.num_values);
  readRuns({ view: new DataView(bytes.buffer, bytes.byteOffset + before, length), offset: 0 }, 1, defined);
  return { defined, from, encoding: head.encoding };
}

function plainValues(from: Cursor, { type, type_length: length }: SchemaElement, count: number): StoredValues {
  if (type === undefined || !(count >= 0)) throw new Error("values");
  // Of the smallest values eight are in a byte.
  if (count > 8 * from.view.byteLength) throw new RangeError(`${count} values`);
  const values = readPlain(from, type, count, length) as StoredValues;
  if (from.offset > from.view.byteLength) throw new RangeError("values");
  return values;
}

function valuesOf(from: Cursor, element: SchemaElement, count: number, encoding: string | undefined): StoredValues {
  const { type, type_length: length } = element;
  if (count === 0) return [];
  switch (encoding) {
    case "PLAIN":
      return plainValues(from, element, count);
    case "RLE": {
      from.offset += 4;
      const bits = new Uint8Array(count);
      readRuns(from, 1, bits);
      return Array.from(bits, (bit) => bit === 1);
    }
    case "BYTE_STREAM_SPLIT": {
      if (type === undefined || count > from.view.byteLength) throw new RangeError(`${count} values`);
      return byteStreamSplit(from, count, type, length) as StoredValues;
    }
    case "DELTA_BINARY_PACKED": {
      const values = new BigInt64Array(count);
      deltaBinaryUnpack({ ...from, view: guarded(from.view) }, count, values);
      // The library cuts numbers of 32 bits off too early: DuckDB writes unsigned ones with 33.
      return type === "INT32" ? Int32Array.from(values, (value) => Number(BigInt.asIntN(32, value))) : values;
    }
    case "DELTA_LENGTH_BYTE_ARRAY": {
      const values: Uint8Array[] = new Array(count);
      deltaLengthByteArray(from, count, values);
      return values;
    }
    case "DELTA_BYTE_ARRAY": {
      checkLengths({ ...from }, count);
      const values: Uint8Array[] = new Array(count);
      deltaByteArray(from, count, values);
      return values;
    }
    default:
      throw unread(encoding);
  }
}

/** Each value begins as the one before, so that a few bytes can become many. */
function checkLengths(from: Cursor, count: number): void {
  const lengths = new Int32Array(count);
  let bytes = 0;
  for (let part = 0; part < 2; part++) {
    deltaBinaryUnpack(from, count, lengths);
    for (const length of lengths) bytes += length;
  }
  if (bytes > maxPageBytes) throw tooLarge("a page of more than 256 MiB");
}

/** More bytes of a number than it can have are damage; the library would read them on, slower and slower. */
class GuardedView extends DataView<ArrayBufferLike> {
  #run = 0;

  override getUint8(offset: number): number {
    const byte = super.getUint8(offset);
    this.#run = byte < 0x80 ? 0 : this.#run + 1;
    if (this.#run > 20) throw new RangeError("a number of more than 64 bits");
    return byte;
  }
}

/** The same bytes, of which no number can have more than 64 bits. */
export function guarded({ buffer, byteOffset, byteLength }: DataView): DataView {
  return new GuardedView(buffer, byteOffset, byteLength);
}

function unread(encoding: string | undefined): Error {
  return unfit(`The file has values in the encoding ${encoding}, which cannot be read: write it with another one.`);
}
