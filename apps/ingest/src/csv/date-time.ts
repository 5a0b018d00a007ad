import { fieldFaults } from "./row-faults.ts";

const dash = 0x2d;
const plus = 0x2b;
const colon = 0x3a;
const point = 0x2e;
const zero = 0x30;
const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Two digits as a number; -1 when they are not digits. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = bytes[at]! - zero;
  const ones = bytes[at + 1]! - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= zero + 9;
}

function dayExists(year: number, month: number, day: number): boolean {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth[month - 1]! + (leap ? 1 : 0);
}

/**
 * Parses an ISO 8601 date and time with a zone (`2021-11-07T02:48:42Z`; seconds and up to three fractional digits are optional; the
 * zone is `Z`, `±hh:mm`, `±hhmm` or `±hh`) and writes it to `to` at `at` for MySQL, in UTC: `2021-11-07 02:48:42`, with `.mmm` if
 * not zero. Returns the position after it, or a fault.
 */
export function writeDateTime(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  if (start === end) return fieldFaults.required;
  const separator = from[start + 10]! | 0x20;
  if (
    end - start < 16 ||
    from[start + 4] !== dash ||
    from[start + 7] !== dash ||
    separator !== 0x74 /* t */ ||
    from[start + 13] !== colon
  ) {
    return fieldFaults.dateTime;
  }
  const century = twoDigits(from, start);
  const yearOfCentury = twoDigits(from, start + 2);
  const month = twoDigits(from, start + 5);
  const day = twoDigits(from, start + 8);
  const hour = twoDigits(from, start + 11);
  const minute = twoDigits(from, start + 14);
  let second = 0;
  let millisecond = 0;
  let next = start + 16;
  if (from[next] === colon) {
    second = next + 3 <= end ? twoDigits(from, next + 1) : -1;
    next += 3;
  }
  if (century < 0 || yearOfCentury < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0) {
    return fieldFaults.dateTime;
  }
  if (next < end && from[next] === point && next > start + 16) {
    let digits = 0;
    for (next++; next < end && isDigit(from[next]); next++, digits++) {
      if (digits < 3) millisecond = millisecond * 10 + (from[next]! - zero);
      else if (from[next] !== zero) return fieldFaults.tooPrecise;
    }
    if (digits === 0) return fieldFaults.dateTime;
    for (; digits < 3; digits++) millisecond *= 10;
  }
  const offset = offsetMinutes(from, next, end);
  if (Number.isNaN(offset)) return next === end ? fieldFaults.noZone : fieldFaults.dateTime;
  const year = century * 100 + yearOfCentury;
  if (!dayExists(year, month, day) || hour > 23 || minute > 59 || second > 59) return fieldFaults.noSuchMoment;
  if (offset === 0) {
    if (year < 1000) return fieldFaults.outOfRange;
    return writeMoment(to, at, year, month, day, hour, minute, second, millisecond);
  }
  const utc = new Date(0);
  utc.setUTCFullYear(year, month - 1, day);
  utc.setUTCHours(hour, minute - offset, second, millisecond);
  return writeDate(utc, to, at);
}

/** Writes a moment as `writeDateTime` does. */
export function writeDate(moment: Date, to: Buffer, at: number): number {
  const year = moment.getUTCFullYear();
  if (!(year >= 1000 && year <= 9999)) return fieldFaults.outOfRange;
  return writeMoment(
    to,
    at,
    year,
    moment.getUTCMonth() + 1,
    moment.getUTCDate(),
    moment.getUTCHours(),
    moment.getUTCMinutes(),
    moment.getUTCSeconds(),
    moment.getUTCMilliseconds(),
  );
}

const noOffset = Number.NaN;

/** The offset of a zone from UTC in minutes; NaN when the bytes are not a zone. */
function offsetMinutes(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  const sign = bytes[start];
  if (length === 1) return (sign! | 0x20) === 0x7a /* z */ ? 0 : noOffset;
  if ((sign !== plus && sign !== dash) || (length !== 3 && length !== 5 && length !== 6)) return noOffset;
  if (length === 6 && bytes[start + 3] !== colon) return noOffset;
  const hours = twoDigits(bytes, start + 1);
  const minutes = length === 3 ? 0 : twoDigits(bytes, end - 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return noOffset;
  return (sign === plus ? 1 : -1) * (hours * 60 + minutes);
}

function writeMoment(
  to: Buffer,
  at: number,
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  millisecond: number,
): number {
  writeTwo(to, at, Math.floor(year / 100));
  writeTwo(to, at + 2, year % 100);
  to[at + 4] = dash;
  writeTwo(to, at + 5, month);
  to[at + 7] = dash;
  writeTwo(to, at + 8, day);
  to[at + 10] = 0x20;
  writeTwo(to, at + 11, hour);
  to[at + 13] = colon;
  writeTwo(to, at + 14, minute);
  to[at + 16] = colon;
  writeTwo(to, at + 17, second);
  if (millisecond === 0) return at + 19;
  to[at + 19] = point;
  to[at + 20] = zero + Math.floor(millisecond / 100);
  writeTwo(to, at + 21, millisecond % 100);
  return at + 23;
}

function writeTwo(to: Buffer, at: number, value: number): void {
  to[at] = zero + Math.floor(value / 10);
  to[at + 1] = zero + (value % 10);
}
