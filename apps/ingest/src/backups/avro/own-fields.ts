import { defaultScale } from "../../fields/field-faults.ts";
import { hasMicroseconds } from "../../store/plain-row.ts";
import type { Column, Table } from "../../tables/table.ts";
import { decimalText, isNullable } from "./avro-schema.ts";

/** A position in the rows of a block, and the bytes of the field that was read last as a file has them. */
interface Cursor {
  data: Buffer;
  /** The position after the field; `beyond` when it cannot be read here. */
  at: number;
  from: Buffer;
  start: number;
  end: number;
}

/** A position that no block has. */
const beyond = Number.POSITIVE_INFINITY;

type ReadField = (cursor: Cursor) => void;

/** What takes the fields of a row in their order. Each returns a negative number for a value that the table cannot store. */
export interface FieldSink {
  addNull(index: number): number;
  addField(index: number, from: Buffer, start: number, end: number): number;
}

/**
 * Reads rows in the schema of the table itself (`avroSchema`) field by field, without values in between: the counterpart of `wireEncoder`.
 * The result passes the fields of the row at a position to `sink`, and returns the position after it; negative for a row that cannot be
 * stored, and for the few that only `rowDecoder` reads: whole numbers beyond 2^48, years beyond 0 to 9999.
 */
export function ownRowReader(table: Table, sink: FieldSink): (data: Buffer, at: number) => number {
  const readers = table.columns.map((column) => readerOf(column));
  const nullable = table.columns.map((column) => isNullable(table, column));
  const cursor: Cursor = { data: Buffer.alloc(0), at: 0, from: Buffer.alloc(0), start: 0, end: 0 };
  return (data, at) => {
    cursor.data = data;
    cursor.at = at;
    for (let index = 0; index < readers.length; index++) {
      if (nullable[index]) {
        // The place in the union of null and the type, as a `long`.
        const branch = data[cursor.at++];
        if (branch === 0) {
          if (sink.addNull(index) < 0) return -1;
          continue;
        }
        if (branch !== 2) return -1;
      }
      readers[index]!(cursor);
      if (cursor.at > data.length) return -1;
      if (sink.addField(index, cursor.from, cursor.start, cursor.end) < 0) return -1;
    }
    return cursor.at;
  };
}

function readerOf(column: Column): ReadField {
  switch (column.type) {
    case "integer":
      return readInteger;
    case "boolean":
      return readBoolean;
    case "number":
      return readNumber(column.scale ?? defaultScale);
    case "date":
      return (cursor) => written(cursor, writeDays(readLong(cursor), 0));
    case "time":
      return (cursor) => {
        const micros = readLong(cursor);
        written(cursor, micros >= 0 && micros < dayMicros ? writeTime(micros, 0) : beyond);
      };
    case "datetime":
      return readMoment(hasMicroseconds(column) ? 1 : 1000, column.zoned === true);
    default:
      return readText;
  }
}

/** The bytes of a field that is no text in the file. */
const scratch = Buffer.alloc(64);
const [zero, minus, point, dash, space, colon, zulu] = [0x30, 0x2d, 0x2e, 0x2d, 0x20, 0x3a, 0x5a];

/** The field is `scratch` up to `end`. */
function written(cursor: Cursor, end: number): void {
  if (end === beyond) cursor.at = beyond;
  cursor.from = scratch;
  cursor.start = 0;
  cursor.end = end;
}

const maxLongBytes = 7;

/** Avro's `long` of at most seven bytes: zigzag, seven bits per byte. */
function readLong(cursor: Cursor): number {
  const { data, at } = cursor;
  let value = 0;
  let factor = 1;
  for (let next = at; next < at + maxLongBytes; next++) {
    const byte = data[next]!;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) {
      cursor.at = next + 1;
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    factor *= 128;
  }
  cursor.at = beyond;
  return 0;
}

const readInteger: ReadField = (cursor) => {
  const value = readLong(cursor);
  if (value < 0) scratch[0] = minus;
  written(cursor, writeDigits(Math.abs(value), value < 0 ? 1 : 0));
};

const readBoolean: ReadField = (cursor) => {
  const byte = cursor.data[cursor.at++]!;
  scratch[0] = zero + byte;
  written(cursor, byte > 1 ? beyond : 1);
};

const readText: ReadField = (cursor) => {
  const length = readLong(cursor);
  cursor.from = cursor.data;
  cursor.start = cursor.at;
  cursor.at += length < 0 ? beyond : length;
  cursor.end = cursor.at;
};

/** Unscaled values of up to so many bytes are exact as JavaScript numbers. */
const safeBytes = 6;

function readNumber(scale: number): ReadField {
  const unit = 10 ** scale;
  return (cursor) => {
    const length = readLong(cursor);
    const { data, at } = cursor;
    cursor.at += length < 0 ? beyond : length;
    if (cursor.at > data.length) return;
    if (length === 0 || length > safeBytes || scale > 15) {
      const text = decimalText(data.subarray(at, at + length), scale);
      return written(cursor, text.length > scratch.length ? beyond : scratch.write(text, 0, "latin1"));
    }
    const unscaled = data.readIntBE(at, length);
    const whole = Math.floor(Math.abs(unscaled) / unit);
    if (unscaled < 0) scratch[0] = minus;
    let end = writeDigits(whole, unscaled < 0 ? 1 : 0);
    if (scale > 0) {
      scratch[end] = point;
      end = writeFixed(Math.abs(unscaled) - whole * unit, end + 1, scale);
    }
    written(cursor, end);
  };
}

const daySeconds = 86_400;
const dayMicros = daySeconds * 1_000_000;

/** Moments in units of so many microseconds since 1970. */
function readMoment(unit: number, zoned: boolean): ReadField {
  const dayUnits = dayMicros / unit;
  return (cursor) => {
    const value = readLong(cursor);
    const days = Math.floor(value / dayUnits);
    let end = writeDays(days, 0);
    if (end !== beyond) {
      scratch[end] = space;
      end = writeTime((value - days * dayUnits) * unit, end + 1);
      if (zoned) scratch[end++] = zulu;
    }
    written(cursor, end);
  };
}

/** Days from 1 March of the year 0 to 1970, in periods of 400 years, which all have as many days. */
const marchOfYear0 = 719_468;
const periodDays = 146_097;

/** Writes days since 1970 as `2021-11-07`; returns the position after it, `beyond` for a year that has not four digits. */
function writeDays(days: number, at: number): number {
  const since = days + marchOfYear0;
  const period = Math.floor(since / periodDays);
  const ofPeriod = since - period * periodDays;
  const yearOf = Math.floor(
    (ofPeriod - Math.floor(ofPeriod / 1460) + Math.floor(ofPeriod / 36_524) - Math.floor(ofPeriod / 146_096)) / 365,
  );
  const ofYear = ofPeriod - (365 * yearOf + Math.floor(yearOf / 4) - Math.floor(yearOf / 100));
  // Years begin in March, so that the leap day is their last.
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = period * 400 + yearOf + (month < 3 ? 1 : 0);
  if (year < 0 || year > 9999) return beyond;
  writeFixed(year, at, 4);
  scratch[at + 4] = dash;
  writeFixed(month, at + 5, 2);
  scratch[at + 7] = dash;
  return writeFixed(ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1, at + 8, 2);
}

/** Writes microseconds since midnight as `02:48:42.123456`, without a fraction that is zero. */
function writeTime(micros: number, at: number): number {
  const seconds = Math.floor(micros / 1_000_000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  writeFixed(hours, at, 2);
  scratch[at + 2] = colon;
  writeFixed(minutes - hours * 60, at + 3, 2);
  scratch[at + 5] = colon;
  const end = writeFixed(seconds - minutes * 60, at + 6, 2);
  const fraction = micros - seconds * 1_000_000;
  if (fraction === 0) return end;
  scratch[end] = point;
  return writeFixed(fraction, end + 1, 6);
}

/** Writes a whole number in as many digits as it needs. */
function writeDigits(value: number, at: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  return writeFixed(value, at, digits);
}

/** Writes a whole number in so many digits. */
function writeFixed(value: number, at: number, digits: number): number {
  let rest = value;
  for (let place = at + digits - 1; place >= at; place--) {
    const shorter = Math.floor(rest / 10);
    scratch[place] = zero + (rest - shorter * 10);
    rest = shorter;
  }
  return at + digits;
}
