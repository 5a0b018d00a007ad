import type { Column } from "../tables/table.ts";
import { defaultPrecision, defaultScale, fault } from "./field-faults.ts";
import type { FieldFormat } from "./field-format.ts";
import type { FieldWriter } from "./field-writer.ts";

const zero = 0x30;
const minus = 0x2d;
const plus = 0x2b;
const point = 0x2e;
const maxSafeDigits = 15;
const maxDigits = 1024;

const minInteger = -(2n ** 63n);
const maxInteger = 2n ** 63n - 1n;

/** A limit of a column; throws a `RangeError` when it is no whole number. */
function bigBound(text: string | undefined, otherwise: bigint): bigint {
  if (text === undefined) return otherwise;
  if (!/^-?\d{1,19}$/.test(text)) throw new RangeError(`${text} is no whole number of 64 bits.`);
  return BigInt(text);
}

/** Writes whole numbers of 64 bits. A fraction of zeros is none: `7.0` is 7. */
export function integerWriter(column: Column, format: Pick<FieldFormat, "decimal" | "thousands">): FieldWriter {
  const low = bigBound(column.minimum, minInteger);
  const high = bigBound(column.maximum, maxInteger);
  const [lowest, highest] = [Number(low), Number(high)];
  const decimal = format.decimal.charCodeAt(0);
  const write: FieldWriter = (from, start, end, to, at) => {
    const negative = from[start] === minus;
    const first = negative ? start + 1 : start;
    let value = 0;
    let index = first;
    for (; index < end; index++) {
      const digit = from[index]! - zero;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (index === first || !isZeroFraction(from, index, end, decimal))
      return respelled(write, from, start, end, to, at);
    if (index - first > maxSafeDigits) return writeBig(from.toString("latin1", start, index), { low, high }, to, at);
    if (negative) value = -value;
    if (value < lowest) return fault.minimum;
    if (value > highest) return fault.maximum;
    let digit = first;
    while (digit < index - 1 && from[digit] === zero) digit++;
    let place = at;
    if (value < 0) to[place++] = minus;
    while (digit < index) to[place++] = from[digit++]!;
    return place;
  };
  return format.thousands === "" ? write : withThousands(write, format);
}

function isZeroFraction(from: Buffer, start: number, end: number, decimal: number): boolean {
  if (start === end) return true;
  if (from[start] !== decimal || start + 1 === end) return false;
  for (let index = start + 1; index < end; index++) if (from[index] !== zero) return false;
  return true;
}

function writeBig(digits: string, { low, high }: { low: bigint; high: bigint }, to: Buffer, at: number): number {
  if (digits.length > maxDigits) return digits.startsWith("-") ? fault.minimum : fault.maximum;
  const value = BigInt(digits);
  if (value < low) return fault.minimum;
  if (value > high) return fault.maximum;
  return at + to.write(String(value), at, "latin1");
}

/** The digits of the number that is being written, as values from 0 to 9. */
const digits = new Uint8Array(maxDigits + 1);

/**
 * Writes decimal numbers exactly, in their shortest form: without leading zeros, without zeros at the end of the fraction. Accepts an
 * exponent (`1.5e-7`). A number with more digits after the point than the column keeps is rounded half away from zero, or refused.
 */
export function numberWriter(
  column: Column,
  format: Pick<FieldFormat, "decimal" | "thousands" | "round">,
): FieldWriter {
  const { precision = defaultPrecision, scale = defaultScale } = column;
  const decimal = format.decimal.charCodeAt(0);
  const write: FieldWriter = (from, start, end, to, at) => {
    let index = start;
    const negative = from[index] === minus;
    if (negative || from[index] === plus) index++;
    // The first digit is for a carry.
    let count = 1;
    let read = 0;
    let whole = 0;
    let inFraction = false;
    for (; index < end; index++) {
      const byte = from[index]!;
      const digit = byte - zero;
      if (digit >= 0 && digit <= 9) {
        read++;
        if (count > maxDigits) return fault.range;
        if (!inFraction) whole++;
        digits[count++] = digit;
      } else if (byte === decimal && !inFraction) {
        inFraction = true;
      } else {
        break;
      }
    }
    if (read === 0) return respelled(write, from, start, end, to, at);
    if (index < end) {
      const exponent = readExponent(from, index, end);
      if (Number.isNaN(exponent)) return respelled(write, from, start, end, to, at);
      whole += exponent;
    }
    return writeDecimal(negative, count, whole, { precision, scale, round: format.round }, to, at);
  };
  const bounded = bounds(column, write);
  return format.thousands === "" ? bounded : withThousands(bounded, format);
}

/** The exponent `e-7` of a number; NaN when the bytes are none. */
function readExponent(from: Buffer, start: number, end: number): number {
  if ((from[start]! | 0x20) !== 0x65 /* e */) return Number.NaN;
  const text = from.toString("latin1", start + 1, end);
  return /^[+-]?\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
}

/**
 * Writes the number `digits[1..count)`, of which `whole` digits are before the point: a negative number when zeros follow the point,
 * more than there are when zeros precede it.
 */
function writeDecimal(
  negative: boolean,
  count: number,
  whole: number,
  { precision, scale, round }: { precision: number; scale: number; round: boolean },
  to: Buffer,
  at: number,
): number {
  let first = 1;
  let last = count;
  let before = whole;
  while (last > first && digits[last - 1] === 0) last--;
  while (first < last && digits[first] === 0) {
    first++;
    before--;
  }
  const after = last - first - before;
  if (first < last && after > scale) {
    if (!round) return fault.precision;
    const cut = last - (after - scale);
    if (cut < first) {
      last = first;
    } else {
      const up = digits[cut]! >= 5;
      last = cut;
      if (up) {
        digits[first - 1] = 0;
        let place = last - 1;
        while (place >= first && digits[place] === 9) digits[place--] = 0;
        digits[place] = digits[place]! + 1;
        if (place < first) {
          first--;
          before++;
        }
      }
      while (last > first && digits[last - 1] === 0) last--;
    }
  }
  if (first === last) {
    to[at] = zero;
    return at + 1;
  }
  if (before > precision - scale) return fault.range;
  let place = at;
  if (negative) to[place++] = minus;
  if (before <= 0) to[place++] = zero;
  for (let index = 0; index < before; index++) to[place++] = zero + (first + index < last ? digits[first + index]! : 0);
  if (last - first <= before) return place;
  to[place++] = point;
  for (let gap = before; gap < 0; gap++) to[place++] = zero;
  for (let index = first + Math.max(before, 0); index < last; index++) to[place++] = zero + digits[index]!;
  return place;
}

/** Checks the limits of a column on what `write` wrote. */
function bounds(column: Column, write: FieldWriter): FieldWriter {
  if (column.minimum === undefined && column.maximum === undefined) return write;
  const bound = (text: string | undefined) => {
    if (text === undefined) return undefined;
    const to = Buffer.alloc(maxDigits * 2);
    const plain = numberWriter({ ...column, minimum: undefined, maximum: undefined } as never, {
      decimal: ".",
      thousands: "",
      round: false,
    });
    const next = plain(Buffer.from(text), 0, Buffer.byteLength(text), to, 0);
    if (next < 0) throw new RangeError(`${text} is no number that ${column.name} can have.`);
    return to.subarray(0, next);
  };
  const [low, high] = [bound(column.minimum), bound(column.maximum)];
  return (from, start, end, to, at) => {
    const next = write(from, start, end, to, at);
    if (next < 0) return next;
    if (low && compareDecimals(to, at, next, low) < 0) return fault.minimum;
    return high && compareDecimals(to, at, next, high) > 0 ? fault.maximum : next;
  };
}

/** Compares two numbers in the form in which they are written. */
function compareDecimals(a: Buffer, start: number, end: number, b: Buffer): number {
  const negative = a[start] === minus;
  if (negative !== (b[0] === minus)) return negative ? -1 : 1;
  const from = negative ? start + 1 : start;
  const other = negative ? 1 : 0;
  const wholeA = wholeDigits(a, from, end);
  const wholeB = wholeDigits(b, other, b.length);
  const order = wholeA === wholeB ? a.compare(b, other, b.length, from, end) : wholeA - wholeB;
  return negative ? -order : order;
}

function wholeDigits(bytes: Buffer, start: number, end: number): number {
  let index = start;
  while (index < end && bytes[index] !== point) index++;
  return index - start;
}

/** Reads groups of three digits: `1.234.567,5`. A separator anywhere else is no number. */
function withThousands(
  write: FieldWriter,
  { decimal, thousands }: Pick<FieldFormat, "decimal" | "thousands">,
): FieldWriter {
  const separator = Buffer.from(thousands);
  const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const [group, mark] = [separator.toString("latin1"), decimal].map(escaped);
  const grouped = new RegExp(`^[+-]?\\d{1,3}(?:${group}\\d{3})+(?![^${mark}eE])`);
  const ungrouped: FieldWriter = (from, start, end, to, at) => {
    const found = from.subarray(start, end).indexOf(separator);
    if (found < 0) return write(from, start, end, to, at);
    const text = from.toString("latin1", start, end);
    const head = grouped.exec(text)?.[0];
    if (head === undefined) return respelled(ungrouped, from, start, end, to, at);
    const plain = Buffer.from(head.replaceAll(separator.toString("latin1"), "") + text.slice(head.length), "latin1");
    return write(plain, 0, plain.length, to, at);
  };
  return ungrouped;
}

/** A negative number with its sign in front, where people and programs also write `5-`, `(5)` or a typographic minus. */
export function withSign(text: string): string {
  return text.replace(/^\((.*)\)$|^([^-+].*)-$|^\u2212(.*)$/s, "-$1$2$3");
}

/** Writes a number again whose sign is not where it is expected; any other text is no number. */
function respelled(write: FieldWriter, from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  if (end - start > maxDigits) return fault.type;
  const text = from.toString("utf8", start, end);
  const signed = withSign(text);
  if (signed === text || !/^-[^-+]/.test(signed)) return fault.type;
  const bytes = Buffer.from(signed);
  return write(bytes, 0, bytes.length, to, at);
}
