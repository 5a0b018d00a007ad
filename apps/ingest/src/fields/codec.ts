import { RE2JS } from "re2js";
import type { Fault } from "../csv/fault.ts";
import type { Column, Table } from "../tables/table.ts";
import { fault, faultOf } from "./field-faults.ts";
import { type FieldFormat, tableFormat } from "./field-format.ts";
import { type FieldWriter, maxGrowth } from "./field-writer.ts";
import { dateTimeWriter, dateWriter, timeWriter } from "./write-date-time.ts";
import { integerWriter, numberWriter } from "./write-number.ts";
import { booleanWriter, jsonWriter, textWriter, writeUuid } from "./write-text.ts";

/** The reading of one column's fields. */
export interface FieldCodec {
  write: FieldWriter;
  /** What is written for a row of a file that lacks the column: a value, NULL, or a fault. */
  absent: Buffer | Fault;
  faultOf(fault: number): Fault;
}

/** The codecs of a table's columns, in their order. Throws a `RangeError` when a rule or an option cannot be applied. */
export function tableCodecs(table: Table, format: FieldFormat = tableFormat(table)): FieldCodec[] {
  return table.columns.map((column) => fieldCodec(column, format));
}

/** The codec of a column. Throws a `RangeError` when one of its rules, or an option, cannot be applied. */
export function fieldCodec(column: Column, format: FieldFormat): FieldCodec {
  const value = withRules(column, valueWriter(column, format));
  const write = withMissing(column, format, value);
  return { write, absent: absentValue(column), faultOf: (found) => faultOf(column, found) };
}

/** Why a column's rules cannot be applied: a limit that is no value of its type, a pattern that is none; `undefined` when they can. */
export function ruleFault(column: Column): string | undefined {
  try {
    const { absent } = fieldCodec(column, plainFormat);
    if (column.default !== undefined && "reason" in absent) return `default: ${absent.reason}`;
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

/** Values as they are: nothing is missing, and dates are ISO 8601. */
export const plainFormat: FieldFormat = { missing: [], decimal: ".", thousands: "", round: false, trim: false };

function valueWriter(column: Column, format: FieldFormat): FieldWriter {
  switch (column.type) {
    case "integer":
      return integerWriter(column, format);
    case "number":
      return numberWriter(column, format);
    case "boolean":
      return booleanWriter(format);
    case "date":
      return withOrder(column, dateWriter(column, format), dateWriter(plainly(column), plainFormat));
    case "time":
      return withOrder(column, timeWriter(column, format), timeWriter(plainly(column), plainFormat));
    case "datetime":
      return withOrder(column, dateTimeWriter(column, format), dateTimeWriter(plainly(column), plainFormat));
    case "uuid":
      return writeUuid;
    case "json":
      return jsonWriter(column);
    default:
      return textWriter(column);
  }
}

/** A column whose limits and other values of its definition are ISO 8601. */
const plainly = ({ format: _, ...column }: Column): Column => column;

/** Compares what is written with the limits of dates and times, which sort as text. */
function withOrder({ minimum, maximum, name }: Column, write: FieldWriter, plain: FieldWriter): FieldWriter {
  const bound = (text: string | undefined) => (text === undefined ? undefined : writtenValue(plain, text, name));
  const [low, high] = [bound(minimum), bound(maximum)];
  if (!low && !high) return write;
  return (from, start, end, to, at) => {
    const next = write(from, start, end, to, at);
    if (next < 0) return next;
    if (low && to.compare(low, 0, low.length, at, next) < 0) return fault.minimum;
    return high && to.compare(high, 0, high.length, at, next) > 0 ? fault.maximum : next;
  };
}

/** A value of a definition as it is written. */
function writtenValue(write: FieldWriter, text: string, name: string): Buffer {
  const bytes = Buffer.from(text);
  const to = Buffer.alloc(bytes.length * 2 + maxGrowth);
  const next = write(bytes, 0, bytes.length, to, 0);
  if (next < 0) throw new RangeError(`${text} is no value that ${name} can have.`);
  return to.subarray(0, next);
}

/** Adds the rules on single values, `enum` and `pattern`. */
function withRules(column: Column, write: FieldWriter): FieldWriter {
  let ruled = write;
  if (column.pattern !== undefined) ruled = withPattern(column.pattern, ruled);
  if (column.enum !== undefined) ruled = withEnum(column, ruled);
  return ruled;
}

function withEnum(column: Column, write: FieldWriter): FieldWriter {
  const plain = valueWriter(plainly(column), plainFormat);
  const allowed = new Set((column.enum ?? []).map((text) => writtenValue(plain, text, column.name).toString("latin1")));
  return (from, start, end, to, at) => {
    const next = write(from, start, end, to, at);
    return next < 0 || allowed.has(to.toString("latin1", at, next)) ? next : fault.enum;
  };
}

/** RE2 matches in time linear in the text, whatever the pattern; it has no backreferences and no lookaround. */
function withPattern(pattern: string, write: FieldWriter): FieldWriter {
  const expression = compilePattern(pattern);
  return (from, start, end, to, at) => {
    const next = write(from, start, end, to, at);
    return next < 0 || expression.matches(from.toString("utf8", start, end)) ? next : fault.pattern;
  };
}

function compilePattern(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new RangeError(`${pattern} is no regular expression of RE2: ${(error as Error).message}`);
  }
}

const nullText = Buffer.from("\\N");

/** Writes NULL for a missing value, and ignores white space around values when asked to. */
function withMissing({ required, type }: Column, format: FieldFormat, write: FieldWriter): FieldWriter {
  const { missing, missingTyped = [], trim } = format;
  const asMissing: FieldWriter = (_from, _start, _end, to, at) => {
    if (required) return fault.required;
    to[at] = nullText[0]!;
    to[at + 1] = nullText[1]!;
    return at + 2;
  };
  const isText = type === "string" || type === "json";
  const words = [...missing, ...(isText ? [] : missingTyped)]
    .filter((text) => text !== "")
    .map((text) => Buffer.from(text));
  const maxWord = Math.max(0, ...words.map((word) => word.length));
  const emptyIsMissing = missing.includes("") || required;
  const unlessMissing: FieldWriter = (from, start, end, to, at) => {
    const length = end - start;
    if (length === 0 ? emptyIsMissing : length <= maxWord && words.some((word) => isWord(word, from, start, end))) {
      return asMissing(from, start, end, to, at);
    }
    return write(from, start, end, to, at);
  };
  return trim ? withTrim(unlessMissing) : unlessMissing;
}

function isWord(word: Buffer, from: Buffer, start: number, end: number): boolean {
  return word.length === end - start && from.compare(word, 0, word.length, start, end) === 0;
}

function withTrim(write: FieldWriter): FieldWriter {
  return (from, start, end, to, at) => {
    let [first, last] = [start, end];
    for (let length = spaceAt(from, first, last); length > 0; length = spaceAt(from, first, last)) first += length;
    for (let length = spaceBefore(from, first, last); length > 0; length = spaceBefore(from, first, last))
      last -= length;
    return write(from, first, last, to, at);
  };
}

const isBlank = (byte: number | undefined) => byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
/** The no-break space in UTF-8. */
const isNoBreak = (from: Buffer, at: number) => from[at] === 0xc2 && from[at + 1] === 0xa0;

function spaceAt(from: Buffer, start: number, end: number): number {
  if (start === end) return 0;
  if (isBlank(from[start])) return 1;
  return end - start > 1 && isNoBreak(from, start) ? 2 : 0;
}

function spaceBefore(from: Buffer, start: number, end: number): number {
  if (start === end) return 0;
  if (isBlank(from[end - 1])) return 1;
  return end - start > 1 && isNoBreak(from, end - 2) ? 2 : 0;
}

function absentValue(column: Column): FieldCodec["absent"] {
  const text = column.default;
  if (text === undefined) return column.required ? faultOf(column, fault.required) : nullText;
  const write = withRules(column, valueWriter(plainly(column), plainFormat));
  const bytes = Buffer.from(text);
  const to = Buffer.alloc(bytes.length * 2 + maxGrowth);
  const next = write(bytes, 0, bytes.length, to, 0);
  return next < 0 ? faultOf(column, next) : to.subarray(0, next);
}
