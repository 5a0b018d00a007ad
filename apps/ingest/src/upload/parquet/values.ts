import type { SchemaElement } from "hyparquet";
import { parseFloat16 } from "hyparquet/src/convert.js";
import type { FileColumn } from "../../csv/infer.ts";
import { unfit } from "./faults.ts";

/** A value as it is stored, before its logical type is applied. */
export type StoredValue = number | bigint | boolean | Uint8Array;

/** A column of a Parquet file, and how its values are written: as text whose bytes are UTF-8, one character for each byte. */
export interface ParquetColumn extends FileColumn {
  element: SchemaElement;
  text(value: StoredValue): string;
}

type Reading = Omit<ParquetColumn, "name" | "element">;

const dayMs = 86_400_000;
/** The days that a `Date` can have. */
const maxDays = 100_000_000;
const julianEpoch = 2_440_588n;
const unitDigits = { MILLIS: 3, MICROS: 6, NANOS: 9 };

/**
 * How a column is read, by its logical type, or by the older converted type
 * (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md). Throws a 422 for a type that no column of a table has.
 */
export function parquetColumn(element: SchemaElement): ParquetColumn {
  const reading = logicalReading(element) ?? physicalReading(element);
  if (reading) return { name: element.name, element, ...reading };
  const type = element.logical_type?.type ?? element.converted_type ?? element.type;
  throw unfit(`The column ${element.name.slice(0, 64)} of the file has the type ${type}, which no table can have.`);
}

function logicalReading({ type, logical_type: logical, ...element }: SchemaElement): Reading | undefined {
  const converted = element.converted_type;
  if (logical?.type === "DECIMAL" || converted === "DECIMAL") {
    const { scale = 0, precision } = logical?.type === "DECIMAL" ? logical : element;
    return { type: "number", scale, precision, text: (value) => decimalText(unscaled(value), scale) };
  }
  if (logical?.type === "TIME")
    return { type: "time", text: (value) => clockText(BigInt(value as number), logical.unit) };
  if (converted === "TIME_MILLIS" || converted === "TIME_MICROS") {
    const unit = converted === "TIME_MILLIS" ? "MILLIS" : "MICROS";
    return { type: "time", text: (value) => clockText(BigInt(value as number), unit) };
  }
  if (logical?.type === "TIMESTAMP") return timestamp(logical.unit, logical.isAdjustedToUTC);
  // The older types are moments.
  if (converted === "TIMESTAMP_MILLIS") return timestamp("MILLIS", true);
  if (converted === "TIMESTAMP_MICROS") return timestamp("MICROS", true);
  if (logical?.type === "DATE" || converted === "DATE")
    return { type: "date", text: (value) => dayText(Number(value)) };
  if (logical?.type === "UUID") return { type: "uuid", text: (value) => uuidText(value as Uint8Array) };
  if (logical?.type === "FLOAT16") {
    return { type: "number", text: (value) => floatText(parseFloat16(value as Uint8Array) as number, 5) };
  }
  if (logical?.type === "NULL") return { type: "string", text: () => "" };
  const isUnsigned = logical?.type === "INTEGER" ? !logical.isSigned : converted?.startsWith("UINT_");
  if (!isUnsigned) return undefined;
  const bits = type === "INT64" ? 64 : 32;
  return { type: "integer", text: (value) => String(BigInt.asUintN(bits, BigInt(value as number))) };
}

function physicalReading({
  type,
  logical_type: logical,
  converted_type: converted,
}: SchemaElement): Reading | undefined {
  switch (type) {
    case "BOOLEAN":
      return { type: "boolean", text: String };
    case "INT32":
    case "INT64":
      return { type: "integer", text: String };
    case "FLOAT":
      return { type: "number", text: (value) => floatText(value as number, 9) };
    case "DOUBLE":
      return { type: "number", text: String };
    case "INT96":
      // The time of older programs; which zone it is in is not told.
      return { type: "datetime", zoned: false, text: (value) => int96Text(value as bigint) };
    case "BYTE_ARRAY": {
      const name = logical?.type ?? converted;
      if (name === "JSON") return { type: "json", text: bytesText };
      // Without a type it may be text: bytes that are no UTF-8 are rejected row by row.
      return name === undefined || ["STRING", "UTF8", "ENUM"].includes(name)
        ? { type: "string", text: bytesText }
        : undefined;
    }
    default:
      return undefined;
  }
}

function timestamp(unit: keyof typeof unitDigits, zoned: boolean): Reading {
  return { type: "datetime", zoned, text: (value) => momentText(BigInt(value as bigint), unit) + (zoned ? "Z" : "") };
}

function bytesText(value: StoredValue): string {
  const bytes = value as Uint8Array;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The whole number in a decimal, in two's complement, highest byte first. */
function unscaled(value: StoredValue): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value);
  if (value.length === 0) return 0n;
  const digits = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex");
  return BigInt.asIntN(value.length * 8, BigInt(`0x${digits}`));
}

function decimalText(value: bigint, scale: number): string {
  if (scale === 0) return String(value);
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** The shortest text of a number with fewer digits than a double. */
function floatText(value: number, digits: number): string {
  if (!Number.isFinite(value)) return String(value);
  for (let precision = 1; precision < digits; precision++) {
    const text = value.toPrecision(precision);
    const same = digits === 9 ? Math.fround(Number(text)) : Number(text);
    if (same === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(digits)));
}

function dayText(days: number): string {
  return Math.abs(days) > maxDays ? String(days) : new Date(days * dayMs).toISOString().replace(/T.*$/, "");
}

/** A time of day; one of 24 hours or more is written with as many hours as it has. */
function clockText(value: bigint, unit: keyof typeof unitDigits): string {
  const digits = unitDigits[unit];
  const perSecond = 10n ** BigInt(digits);
  const two = (part: bigint) => String(part).padStart(2, "0");
  const seconds = value / perSecond;
  const fraction = String(value % perSecond)
    .padStart(digits, "0")
    .replace(/0+$/, "");
  const whole = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

function momentText(value: bigint, unit: keyof typeof unitDigits): string {
  const perDay = 86_400n * 10n ** BigInt(unitDigits[unit]);
  const clock = ((value % perDay) + perDay) % perDay;
  return `${dayText(Number((value - clock) / perDay))}T${clockText(clock, unit)}`;
}

/** The Julian day in the upper 32 bits, nanoseconds of the day below them. */
function int96Text(value: bigint): string {
  const days = (value >> 64n) - julianEpoch;
  const nanos = BigInt.asUintN(64, value);
  return momentText(days * 86_400_000_000_000n + nanos, "NANOS");
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
