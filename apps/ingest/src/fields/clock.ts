import { fault } from "./field-faults.ts";

const zero = 0x30;
const dash = 0x2d;
const colon = 0x3a;
const point = 0x2e;
const comma = 0x2c;
const slash = 0x2f;
const space = 0x20;
const plus = 0x2b;
const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const fractionDigits = 6;
/** For each number of digits of a fraction, its unit in microseconds. */
const units = [1e6, 1e5, 1e4, 1000, 100, 10, 1];

/**
 * The parts of a date and time as they are read from a field. One object is reused for all fields, which are read one at a time.
 * `offset` is in minutes from UTC; NaN: no zone was given.
 */
export class Clock {
  year = 0;
  month = 0;
  day = 0;
  hour = 0;
  minute = 0;
  second = 0;
  /** Microseconds. */
  micros = 0;
  /** Whether digits other than zero follow the microseconds, and the first of them. */
  isFiner = false;
  nextDigit = 0;
  hasTime = false;
  offset = Number.NaN;

  clear(): void {
    this.year = 0;
    this.month = 0;
    this.day = 0;
    this.hour = 0;
    this.minute = 0;
    this.second = 0;
    this.micros = 0;
    this.isFiner = false;
    this.nextDigit = 0;
    this.hasTime = false;
    this.offset = Number.NaN;
  }

  get isMidnight(): boolean {
    return this.hour === 0 && this.minute === 0 && this.second === 0 && this.micros === 0 && !this.isFiner;
  }

  /** Reads `2021-11-07` or `2021/11/07`; returns the position after it, or a fault. */
  readDate(from: Buffer, start: number, end: number): number {
    const separator = from[start + 4];
    if (end - start < 10 || (separator !== dash && separator !== slash) || from[start + 7] !== separator) {
      return fault.type;
    }
    const century = twoDigits(from, start);
    const ofCentury = twoDigits(from, start + 2);
    this.year = century * 100 + ofCentury;
    this.month = twoDigits(from, start + 5);
    this.day = twoDigits(from, start + 8);
    if (century < 0 || ofCentury < 0 || this.month < 0 || this.day < 0) return fault.type;
    return start + 10;
  }

  /** Reads `02:48`, `02:48:42` or `02:48:42.123456`; returns the position after it, or a fault. */
  readTime(from: Buffer, start: number, end: number): number {
    if (end - start < 5 || from[start + 2] !== colon) return fault.type;
    this.hour = twoDigits(from, start);
    this.minute = twoDigits(from, start + 3);
    this.hasTime = true;
    if (this.hour < 0 || this.minute < 0) return fault.type;
    let next = start + 5;
    if (next === end || from[next] !== colon) return next;
    this.second = next + 3 <= end ? twoDigits(from, next + 1) : -1;
    if (this.second < 0) return fault.type;
    next += 3;
    return next < end && (from[next] === point || from[next] === comma) ? this.readFraction(from, next + 1, end) : next;
  }

  /** Reads the digits of a second's fraction; returns the position after them, or a fault. */
  readFraction(from: Buffer, start: number, end: number): number {
    let next = start;
    this.micros = 0;
    for (; next < end; next++) {
      const digit = from[next]! - zero;
      if (digit < 0 || digit > 9) break;
      const place = next - start;
      if (place < fractionDigits) this.micros = this.micros * 10 + digit;
      else if (place === fractionDigits) this.nextDigit = digit;
      if (place >= fractionDigits && digit > 0) this.isFiner = true;
    }
    if (next === start) return fault.type;
    for (let place = next - start; place < fractionDigits; place++) this.micros *= 10;
    return next;
  }

  /** Reads a zone that takes all bytes: `Z`, ` UTC`, `±hh:mm`, `±hhmm` or `±hh`. Whether it is one. */
  readZone(from: Buffer, start: number, end: number): boolean {
    this.offset = offsetMinutes(from, start, end);
    return !Number.isNaN(this.offset);
  }

  /** Reads an ISO 8601 time with or without a zone in all bytes, after a `T` or a blank; returns a fault or `end`. */
  readRest(from: Buffer, start: number, end: number): number {
    if (start === end) return end;
    if ((from[start]! | 0x20) !== 0x74 /* t */ && from[start] !== space) return fault.type;
    const next = this.readTime(from, start + 1, end);
    if (next < 0 || next === end) return next;
    return this.readZone(from, next, end) ? end : fault.type;
  }

  /** Whether the date exists. */
  get hasDate(): boolean {
    const { year, month, day } = this;
    const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
    return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth[month - 1]! + (leap ? 1 : 0);
  }

  /** Whether the time of day exists. */
  get hasClock(): boolean {
    return this.hour <= 23 && this.minute <= 59 && this.second <= 59;
  }

  /** The milliseconds since 1970 as if the parts were UTC, without the fraction of the second. */
  get milliseconds(): number {
    const utc = new Date(0);
    utc.setUTCFullYear(this.year, this.month - 1, this.day);
    return utc.setUTCHours(this.hour, this.minute, this.second);
  }

  /** Sets date and time to milliseconds since 1970 in UTC; the fraction of the second stays. */
  set milliseconds(milliseconds: number) {
    const utc = new Date(milliseconds);
    this.year = utc.getUTCFullYear();
    this.month = utc.getUTCMonth() + 1;
    this.day = utc.getUTCDate();
    this.hour = utc.getUTCHours();
    this.minute = utc.getUTCMinutes();
    this.second = utc.getUTCSeconds();
  }

  /** Rounds the second to this number of digits, half up. Whether a full second must be added. */
  round(digits: number): boolean {
    if (digits === fractionDigits) {
      if (this.nextDigit >= 5) this.micros++;
    } else {
      const unit = units[digits]!;
      this.micros = Math.floor((this.micros + unit / 2) / unit) * unit;
    }
    this.isFiner = false;
    this.nextDigit = 0;
    if (this.micros < 1_000_000) return false;
    this.micros -= 1_000_000;
    return true;
  }

  /** Whether the second has more digits than this. */
  isFinerThan(digits: number): boolean {
    return this.isFiner || (this.micros !== 0 && this.micros % units[digits]! !== 0);
  }

  writeDate(to: Buffer, at: number): number {
    writeTwo(to, at, Math.floor(this.year / 100));
    writeTwo(to, at + 2, this.year % 100);
    to[at + 4] = dash;
    writeTwo(to, at + 5, this.month);
    to[at + 7] = dash;
    writeTwo(to, at + 8, this.day);
    return at + 10;
  }

  /** Writes `02:48:42`, with three or six digits of the second's fraction if it is not zero. */
  writeTime(to: Buffer, at: number): number {
    writeTwo(to, at, this.hour);
    to[at + 2] = colon;
    writeTwo(to, at + 3, this.minute);
    to[at + 5] = colon;
    writeTwo(to, at + 6, this.second);
    if (this.micros === 0) return at + 8;
    to[at + 8] = point;
    const isMilliseconds = this.micros % 1000 === 0;
    let rest = isMilliseconds ? this.micros / 1000 : this.micros;
    const end = at + (isMilliseconds ? 12 : 15);
    for (let place = end - 1; place > at + 8; place--) {
      const shorter = Math.floor(rest / 10);
      to[place] = zero + (rest - shorter * 10);
      rest = shorter;
    }
    return end;
  }
}

/** Two digits as a number; -1 when they are not digits. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = bytes[at]! - zero;
  const ones = bytes[at + 1]! - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

function writeTwo(to: Buffer, at: number, value: number): void {
  const tens = Math.floor(value / 10);
  to[at] = zero + tens;
  to[at + 1] = zero + value - tens * 10;
}

const noOffset = Number.NaN;

/** The offset of a zone from UTC in minutes; NaN when the bytes are not a zone. */
export function offsetMinutes(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  const sign = bytes[start];
  if (length === 1) return (sign! | 0x20) === 0x7a /* z */ ? 0 : noOffset;
  if (length === 4) return sign === space && isUtc(bytes, start + 1, end) ? 0 : noOffset;
  if ((sign !== plus && sign !== dash) || (length !== 3 && length !== 5 && length !== 6)) return noOffset;
  if (length === 6 && bytes[start + 3] !== colon) return noOffset;
  const hours = twoDigits(bytes, start + 1);
  const minutes = length === 3 ? 0 : twoDigits(bytes, end - 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return noOffset;
  return (sign === plus ? 1 : -1) * (hours * 60 + minutes);
}

function isUtc(bytes: Buffer, start: number, end: number): boolean {
  const name = bytes.toString("latin1", start, end).toUpperCase();
  return name === "UTC" || name === "GMT";
}
