import { defaultScale } from "../../fields/field-faults.ts";
import { hasMicroseconds } from "../../store/plain-row.ts";
import type { Column, Table } from "../../tables/table.ts";
import type { WireColumn, WireRow } from "../stored-rows.ts";
import { decimalBytes, isNullable, type RowEncoder } from "./avro-schema.ts";

/** The bytes of a number in the binary protocol, by the code of its type: TINY, SHORT, LONG, LONGLONG, INT24. */
const integerBytes: Record<number, number> = { 1: 1, 2: 2, 3: 4, 8: 8, 9: 4 };
const unsignedFlag = 32;
/** How much longer than in the protocol a value can be in a file: a time of one byte becomes a `long` of ten. */
const maxGrowth = 12;
/** The bits before that of the first column in the bitmap of NULLs. */
const bitmapOffset = 2;
/** Texts of up to so many bytes are copied faster byte by byte. */
const shortBytes = 24;

/** Where a row is read from and where it is written to. */
interface Places {
  from: Buffer;
  at: number;
  to: Buffer;
  end: number;
}

/** Copies the next value; its place is after it. */
type Copy = (places: Places) => void;

/** Encodes rows as the server sends them, by the Avro schema of the table, without values in between. Other types than those of the table throw. */
export function wireEncoder(table: Table, columns: readonly WireColumn[]): RowEncoder<WireRow> {
  const copies = table.columns.map((column, index) => copyOf(column, columns[index]!));
  const nullable = table.columns.map((column) => isNullable(table, column));
  const bitmapBytes = (copies.length + bitmapOffset + 7) >> 3;
  const most = copies.length * maxGrowth;
  const places: Places = { from: Buffer.alloc(0), at: 0, to: Buffer.alloc(0), end: 0 };
  return ({ buffer, offset, end }, to, at) => {
    const missing = at + (end - offset) + most - to.length;
    if (missing > 0) return -missing;
    const bitmap = offset + 1;
    places.from = buffer;
    places.at = bitmap + bitmapBytes;
    places.to = to;
    places.end = at;
    for (let index = 0; index < copies.length; index++) {
      const bit = index + bitmapOffset;
      const isNull = (buffer[bitmap + (bit >> 3)]! & (1 << (bit & 7))) !== 0;
      // The place in the union of null and the type, as a `long`.
      if (nullable[index]) to[places.end++] = isNull ? 0 : 2;
      else if (isNull) throw new Error(`${table.columns[index]!.name} of ${table.name} is NULL.`);
      if (!isNull) copies[index]!(places);
    }
    if (places.at !== end) throw new Error(`A row of ${table.name} has other types than its columns.`);
    return places.end;
  };
}

function copyOf(column: Column, wire: WireColumn): Copy {
  switch (column.type) {
    case "integer":
      return copyInteger(wire);
    case "boolean":
      return copyBoolean;
    case "number":
      return copyNumber(column.scale ?? defaultScale);
    case "date":
      return copyDate;
    case "time":
      return copyTime;
    case "datetime":
      return hasMicroseconds(column) ? copyMicroseconds : copyMilliseconds;
    default:
      return copyText;
  }
}

function copyInteger({ columnType, flags }: WireColumn): Copy {
  const bytes = integerBytes[columnType];
  if (bytes === undefined) throw new Error(`A whole number has the type ${columnType} of MySQL.`);
  if (bytes === 8) return copyBigInteger;
  const isUnsigned = (flags & unsignedFlag) !== 0;
  return (places) => {
    const { from, at } = places;
    places.at += bytes;
    writeLong(places, isUnsigned ? from.readUIntLE(at, bytes) : from.readIntLE(at, bytes));
  };
}

/** The upper half of whole numbers that a JavaScript number holds even when they are doubled. */
const maxHigh = 2 ** 19;

/** A BIGINT; an unsigned one is no `long` of Avro beyond 2^63, and no column of ours is. */
const copyBigInteger: Copy = (places) => {
  const { from, at } = places;
  places.at += 8;
  const high = from[at + 4]! | (from[at + 5]! << 8) | (from[at + 6]! << 16) | (from[at + 7]! << 24);
  if (high >= -maxHigh && high < maxHigh) writeLong(places, high * 2 ** 32 + from.readUInt32LE(at));
  else writeBigLong(places, from.readBigInt64LE(at));
};

const copyBoolean: Copy = (places) => {
  places.to[places.end++] = places.from[places.at++] === 1 ? 1 : 0;
};

const copyText: Copy = (places) => {
  const length = readLength(places);
  writeLong(places, length);
  const { from, at, to, end } = places;
  if (length > shortBytes) from.copy(to, end, at, at + length);
  else for (let i = 0; i < length; i++) to[end + i] = from[at + i]!;
  places.at += length;
  places.end += length;
};

const [minus, point, zero] = [0x2d, 0x2e, 0x30];
/** Decimal numbers of up to so many digits are exact as JavaScript numbers. */
const safeDigits = 15;

/** A decimal number, a text in the protocol as well. */
function copyNumber(scale: number): Copy {
  return (places) => {
    const length = readLength(places);
    const { from, at } = places;
    const last = at + length;
    places.at = last;
    const isNegative = from[at] === minus;
    let unscaled = 0;
    let digits = 0;
    let fraction = -1;
    for (let i = isNegative ? at + 1 : at; i < last; i++) {
      const byte = from[i]!;
      if (byte === point) fraction = 0;
      else {
        unscaled = unscaled * 10 + (byte - zero);
        if (unscaled > 0) digits++;
        if (fraction >= 0) fraction++;
      }
    }
    if (Math.max(0, fraction) !== scale) throw new Error(`A number with ${fraction} digits after the point.`);
    if (digits <= safeDigits) writeShortDecimal(places, isNegative ? -unscaled : unscaled);
    else {
      const bytes = decimalBytes(from.toString("latin1", at, last), scale);
      writeLong(places, bytes.length);
      places.to.set(bytes, places.end);
      places.end += bytes.length;
    }
  };
}

/** The bytes of a safe whole number in two's complement, as few as possible, after their number. */
function writeShortDecimal(places: Places, value: number): void {
  let bytes = 1;
  for (let limit = 128; value < -limit || value >= limit; limit *= 256) bytes++;
  writeLong(places, bytes);
  let rest = value;
  for (let i = bytes - 1; i >= 0; i--) {
    const low = ((rest % 256) + 256) % 256;
    places.to[places.end + i] = low;
    rest = (rest - low) / 256;
  }
  places.end += bytes;
}

const copyDate: Copy = (places) => {
  const next = places.at + 1 + places.from[places.at]!;
  writeLong(places, readDays(places));
  places.at = next;
};

const copyMilliseconds: Copy = (places) => {
  const next = places.at + 1 + places.from[places.at]!;
  writeLong(places, readSeconds(places) * 1000 + Math.floor(readMicros(places) / 1000));
  places.at = next;
};

const copyMicroseconds: Copy = (places) => {
  const next = places.at + 1 + places.from[places.at]!;
  const [seconds, micros] = [readSeconds(places), readMicros(places)];
  const value = seconds * 1_000_000 + micros;
  if (value > -maxDoubled && value < maxDoubled) writeLong(places, value);
  else writeBigLong(places, BigInt(seconds) * 1_000_000n + BigInt(micros));
  places.at = next;
};

/** The microseconds of a datetime, which are there when they are not 0. */
const readMicros = ({ from, at }: Places) => (from[at]! > 7 ? from.readUInt32LE(at + 8) : 0);

/** Seconds since 1970 of a date with or without a time of day. */
function readSeconds(places: Places): number {
  const { from, at } = places;
  const ofDay = from[at]! > 4 ? (from[at + 5]! * 60 + from[at + 6]!) * 60 + from[at + 7]! : 0;
  return readDays(places) * 86_400 + ofDay;
}

/** Days since 1970 of a date, which has at least four bytes after their number: years, months and days. */
function readDays({ from, at }: Places): number {
  if (from[at]! < 4) throw new Error("A date is 0000-00-00.");
  const month = from[at + 3]!;
  // Years begin in March, so that the leap day is their last: 306 days are before January.
  const year = from[at + 1]! + from[at + 2]! * 256 - (month < 3 ? 1 : 0);
  const inYear = (((153 * ((month + 9) % 12) + 2) / 5) | 0) + from[at + 4]! - 1;
  const leapDays = (year >> 2) - Math.floor(year / 100) + Math.floor(year / 400);
  return 365 * year + leapDays + inYear - marchOfYear0;
}

/** Days from 1 March of the year 0 to 1970. */
const marchOfYear0 = 719_468;

/** Microseconds since midnight. */
const copyTime: Copy = (places) => {
  const { from, at } = places;
  const length = from[at]!;
  let micros = 0;
  if (length >= 8) {
    const hours = from.readUInt32LE(at + 2) * 24 + from[at + 6]!;
    micros = ((hours * 60 + from[at + 7]!) * 60 + from[at + 8]!) * 1_000_000;
    if (length > 8) micros += from.readUInt32LE(at + 9);
    if (from[at + 1] === 1) micros = -micros;
  }
  writeLong(places, micros);
  places.at = at + 1 + length;
};

/** A number of the protocol of one to nine bytes; `places.at` is after it. */
function readLength(places: Places): number {
  const { from, at } = places;
  const first = from[at]!;
  if (first < 0xfb) {
    places.at = at + 1;
    return first;
  }
  // 0xfc, 0xfd and 0xfe are followed by two, three and eight bytes; no text of a row has 2^32.
  const bytes = first === 0xfc ? 2 : first === 0xfd ? 3 : 4;
  places.at = at + (first === 0xfe ? 9 : 1 + bytes);
  return from.readUIntLE(at + 1, bytes);
}

const maxDoubled = 2 ** 51;
/** Four groups of seven bits, of which JavaScript's operators on bits can take apart one number. */
const fourGroups = 2 ** 28;

/** Avro's `long` of a whole number between -2^51 and 2^51: zigzag, seven bits per byte. */
function writeLong(places: Places, value: number): void {
  const { to } = places;
  let { end } = places;
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  while (rest >= fourGroups) {
    const bits = rest % fourGroups;
    for (let shift = 0; shift < 28; shift += 7) to[end++] = ((bits >> shift) & 0x7f) | 0x80;
    rest = (rest - bits) / fourGroups;
  }
  let bits = rest | 0;
  for (; bits >= 128; bits >>= 7) to[end++] = (bits & 0x7f) | 0x80;
  to[end++] = bits;
  places.end = end;
}

function writeBigLong(places: Places, value: bigint): void {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest >= 128n; rest >>= 7n) places.to[places.end++] = Number(rest & 0x7fn) | 0x80;
  places.to[places.end++] = Number(rest);
}
