import type { Fault } from "../csv/fault.ts";
import type { Column } from "../tables/table.ts";

/** What the writers of fields return instead of a position when the field is no value of the column. */
export const fault = {
  required: -1,
  type: -2,
  minimum: -3,
  maximum: -4,
  minLength: -5,
  maxLength: -6,
  pattern: -7,
  enum: -8,
  invalidUtf8: -9,
  nul: -10,
  range: -11,
  precision: -12,
  noSuchDate: -13,
  ambiguousDate: -14,
  noZone: -15,
  unexpectedZone: -16,
  noSuchLocalTime: -17,
  ambiguousLocalTime: -18,
} as const;

const fractions: Record<number, string> = { 0: "seconds", 3: "milliseconds", 6: "microseconds" };

/** The code and the reason of a fault of a column's field. */
export function faultOf(column: Column, found: number): Fault {
  switch (found) {
    case fault.required:
      return { code: "required", reason: "is required" };
    case fault.minimum:
      if (column.minimum === undefined) return { code: "range", reason: rangeText(column) };
      return {
        code: "minimum",
        reason: column.type === "integer" ? typeText(column) : `is less than ${column.minimum}`,
      };
    case fault.maximum:
      if (column.maximum === undefined) return { code: "range", reason: rangeText(column) };
      return {
        code: "maximum",
        reason: column.type === "integer" ? typeText(column) : `is more than ${column.maximum}`,
      };
    case fault.minLength:
      return { code: "min-length", reason: `is shorter than ${characters(column.minLength)}` };
    case fault.maxLength:
      return { code: "max-length", reason: `is longer than ${characters(column.maxLength)}` };
    case fault.pattern:
      return { code: "pattern", reason: `does not match ${column.pattern}` };
    case fault.enum:
      return { code: "enum", reason: `is none of ${column.enum?.join(", ")}` };
    case fault.invalidUtf8:
      return { code: "encoding", reason: "is not valid UTF-8" };
    case fault.nul:
      return { code: "encoding", reason: "contains a NUL" };
    case fault.range:
      return { code: "range", reason: rangeText(column) };
    case fault.precision:
      return { code: "precision", reason: precisionText(column) };
    case fault.noSuchDate:
      return { code: "no-such-date", reason: "is a date or time that does not exist" };
    case fault.ambiguousDate:
      return {
        code: "ambiguous-date",
        reason: "may have the day or the month first: dateFormat must tell, as %d/%m/%Y",
      };
    case fault.noZone:
      return { code: "no-zone", reason: "has no time zone: it must end in Z or an offset" };
    case fault.unexpectedZone:
      return { code: "unexpected-zone", reason: "has a time zone, which this column cannot keep" };
    case fault.noSuchLocalTime:
      return { code: "no-such-local-time", reason: "does not exist in its time zone: clocks were put forward" };
    case fault.ambiguousLocalTime:
      return { code: "ambiguous-local-time", reason: "exists twice in its time zone: clocks were put back" };
    default:
      return { code: "type", reason: typeText(column) };
  }
}

const characters = (count: number | undefined) => `${count} ${count === 1 ? "character" : "characters"}`;

function typeText({ type, minimum, maximum, zoned }: Column): string {
  switch (type) {
    case "integer": {
      if (minimum !== undefined && maximum !== undefined) return `must be a whole number from ${minimum} to ${maximum}`;
      if (minimum !== undefined) return `must be a whole number of at least ${minimum}`;
      return `must be a whole number${maximum === undefined ? "" : ` of at most ${maximum}`}`;
    }
    case "number":
      return "must be a number like -12.5";
    case "boolean":
      return "must be true or false";
    case "date":
      return "must be a date like 2021-11-07";
    case "time":
      return "must be a time like 02:48:42";
    case "datetime":
      return `must be a date and time like 2021-11-07T02:48:42${zoned ? "Z" : ""}`;
    case "uuid":
      return "must be a UUID like 123e4567-e89b-12d3-a456-426614174000";
    case "json":
      return "must be JSON";
    default:
      return "must be text";
  }
}

/** The default digits of a number, and those of them that follow the point. */
export const defaultPrecision = 38;
export const defaultScale = 12;
/** The default digits of a second's fraction. */
export const defaultFraction = 6;

function rangeText({ type, precision = defaultPrecision, scale = defaultScale }: Column): string {
  if (type === "number") return `has more than ${precision - scale} digits before the point`;
  if (type === "integer") return "must be a whole number from -9223372036854775808 to 9223372036854775807";
  return "is not in the years 1000 to 9999";
}

function precisionText({ type, precision = defaultFraction, scale = defaultScale }: Column): string {
  if (type === "number") return `has more than ${scale} ${scale === 1 ? "digit" : "digits"} after the point`;
  if (type === "date") return "has a time of day";
  return `is more precise than ${fractions[precision] ?? `${precision} digits of a second`}`;
}
