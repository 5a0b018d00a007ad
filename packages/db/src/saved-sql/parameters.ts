import type { InputFault } from "@quintet/http";
import mysql2 from "mysql2";

export const parameterTypes = ["integer", "number", "string", "date", "datetime", "boolean"] as const;
export type ParameterType = (typeof parameterTypes)[number];

/** A parameter of a saved statement. Limits and the default are texts as in a query, so that they are exact. */
export interface Parameter {
  name: string;
  type: ParameterType;
  /** Whether a request must give it; otherwise it is the default, or NULL. */
  required: boolean;
  default?: string | undefined;
  /** Of integer, number, date and datetime. */
  minimum?: string | undefined;
  maximum?: string | undefined;
  /** Of string, in characters. */
  maxLength?: number | undefined;
  enum?: readonly string[] | undefined;
  description?: string | undefined;
}

/** A value of a result in JSON. A number that a double cannot hold is a text with all its digits. */
export type JsonValue = string | number | boolean | null;

/** A value of a parameter: as it is compared, as it is bound by the driver, as it is in JSON. */
interface Value {
  /** Two of one type are in the order of these. */
  order: bigint | string;
  bound: unknown;
  json: JsonValue;
}

/** What stands in the SQL for a parameter of each type: the driver binds dates as texts. */
export const placeholders: Record<ParameterType, string> = {
  integer: "?",
  number: "?",
  string: "?",
  boolean: "?",
  date: "CAST(? AS DATE)",
  datetime: "CAST(? AS DATETIME(6))",
};

/** Digits after the point that MySQL compares. */
const scale = 30;
const maxStringLength = 1000;
const int64 = { minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n };

/** Reads a value; the message says what it must be when it is none of its type. */
const readers: Record<ParameterType, { read(text: string): Value | undefined; what: string }> = {
  integer: {
    what: "a whole number",
    read(text) {
      if (!/^-?\d{1,19}$/.test(text)) return undefined;
      const value = BigInt(text);
      if (value < int64.minimum || value > int64.maximum) return undefined;
      return { order: value, bound: mysql2.TypedParameter.LONGLONG(value), json: jsonNumber(String(value)) };
    },
  },
  number: {
    what: "a decimal number",
    read(text) {
      const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d{1,35})(?:\.(\d{1,30}))?$/.exec(text) ?? [];
      if (whole === "") return undefined;
      const order = BigInt(sign + whole + fraction.padEnd(scale, "0"));
      return { order, bound: mysql2.TypedParameter.NEWDECIMAL(text), json: jsonNumber(text) };
    },
  },
  string: { what: "a text", read: (text) => ({ order: text, bound: text, json: text }) },
  boolean: {
    what: "true or false",
    read: (text) =>
      text === "true" || text === "false"
        ? { order: text, bound: mysql2.TypedParameter.TINY(text === "true" ? 1 : 0), json: text === "true" }
        : undefined,
  },
  date: {
    what: "a date, as in 2021-11-07",
    read: (text) =>
      /^\d{4}-\d\d-\d\d$/.test(text) && isMoment(`${text}T00:00:00Z`)
        ? { order: text, bound: text, json: text }
        : undefined,
  },
  datetime: { what: "a date and time, as in 2021-11-07T02:48:42Z", read: readDateTime },
};

/** A date and time; with an offset it is a moment and becomes UTC, as moments are stored. */
function readDateTime(text: string): Value | undefined {
  const form = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (!form) return undefined;
  const [, date = "", minutes = "", seconds = ":00", fraction = "", zone] = form;
  if (!isMoment(`${date}T${minutes}${seconds}Z`)) return undefined;
  const moment = Date.parse(`${date}T${minutes}${seconds}${zone ?? "Z"}`);
  const utc = Number.isNaN(moment) ? "" : new Date(moment).toISOString();
  if (!/^\d{4}-/.test(utc)) return undefined;
  const order = `${utc.slice(0, 19)}.${fraction.padEnd(6, "0")}`;
  return { order, bound: order.replace("T", " "), json: text };
}

/** Whether a time in UTC exists, in the years that MySQL has. */
function isMoment(text: string): boolean {
  const moment = new Date(text);
  return !Number.isNaN(moment.getTime()) && text >= "1000" && moment.toISOString().startsWith(text.slice(0, 19));
}

/** A number as JSON: a text where a double would change its digits. */
export function jsonNumber(text: string): number | string {
  if (!text.includes(".")) return Number.isSafeInteger(Number(text)) ? Number(text) + 0 : text;
  const digits = text.replace(/\.?0+$/, "");
  if (digits.length <= 15) return Number(digits) + 0;
  const significant = digits.replace(/^-?0*\.?0*/, "").replace(".", "").length;
  return significant <= 15 ? Number(digits) + 0 : digits;
}

/** The parameter's value; throws its fault as a text that follows its name. */
function readValue(parameter: Parameter, text: string): Value {
  const { type, minimum, maximum, maxLength = maxStringLength } = parameter;
  const { read, what } = readers[type];
  const [low, high] = [minimum, maximum].map((limit) => (limit === undefined ? undefined : read(limit)));
  const value = read(text);
  if (!value || (low && value.order < low.order) || (high && value.order > high.order)) {
    throw new RangeError(`must be ${what}${rangeText(minimum, maximum)}`);
  }
  if (type === "string" && [...text].length > maxLength) {
    throw new RangeError(`must have at most ${maxLength} characters`);
  }
  if (parameter.enum && !parameter.enum.includes(text)) {
    throw new RangeError(`must be one of ${parameter.enum.join(", ")}`);
  }
  return value;
}

function rangeText(minimum: string | undefined, maximum: string | undefined): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `, at least ${minimum}`;
  return maximum === undefined ? "" : `, at most ${maximum}`;
}

/** What stands for a value in the SQL, and the value as it is bound. */
export interface TypedValue {
  type: ParameterType;
  bound: unknown;
}

/**
 * A value of a JSON body by its own type: a whole number as an integer, another one as the decimal number that it is written as. Throws a
 * `RangeError` for a number whose digits JSON has lost.
 */
export function typedValue(value: JsonValue): TypedValue {
  if (value === null) return { type: "string", bound: null };
  if (typeof value === "string") return { type: "string", bound: value };
  if (typeof value === "boolean") return readTyped("boolean", String(value));
  if (Number.isSafeInteger(value)) return readTyped("integer", String(value));
  if (Number.isInteger(value)) {
    throw new RangeError(
      'must be a string with its type when it has so many digits: {"type": "integer", "value": "…"}',
    );
  }
  // A number such as 1e-7 is a DOUBLE in SQL as well.
  return /e/.test(String(value)) ? { type: "number", bound: value } : readTyped("number", String(value));
}

/** A value of a type from its text. Throws a `RangeError` that follows its name. */
export function readTyped(type: ParameterType, text: string): TypedValue {
  const { read, what } = readers[type];
  const value = read(text);
  if (!value) throw new RangeError(`must be ${what}`);
  return { type, bound: value.bound };
}

/** The values of a request, by name. */
export interface ParameterValues {
  bound: Map<string, unknown>;
  json: Record<string, JsonValue>;
}

/** Reads the values of a query, all values of each name, for a report; with the faults of those that do not fit. */
export function readValues(
  parameters: readonly Parameter[],
  query: ReadonlyMap<string, readonly string[]>,
): { values: ParameterValues; faults: InputFault[] } {
  const values: ParameterValues = { bound: new Map(), json: {} };
  const faults: InputFault[] = [];
  for (const parameter of parameters) {
    const { name } = parameter;
    const given = query.get(name) ?? [];
    const text = given[0] ?? parameter.default;
    try {
      if (given.length > 1) throw new RangeError("must be given once");
      if (text === undefined && parameter.required) throw new RangeError("is required");
      const value = text === undefined ? { bound: null, json: null } : readValue(parameter, text);
      values.bound.set(name, value.bound);
      values.json[name] = value.json;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      faults.push({ path: name, message: error.message });
    }
  }
  const known = new Set(parameters.map(({ name }) => name));
  for (const name of query.keys()) if (!known.has(name)) faults.push({ path: name, message: "unknown parameter" });
  return { values, faults };
}

/** The first fault in the rules of a parameter, with a path below `path`. */
export function parameterFaults(parameter: Parameter, path: string): InputFault[] {
  const { type, maxLength } = parameter;
  const fault = (field: string, message: string) => [{ path: `${path}.${field}`, message }];
  const ordered = type !== "string" && type !== "boolean";
  if (maxLength !== undefined && type !== "string") return fault("maxLength", `is not a rule of ${type}`);
  for (const field of ["minimum", "maximum"] as const) {
    const limit = parameter[field];
    if (limit === undefined) continue;
    if (!ordered) return fault(field, `is not a rule of ${type}`);
    if (!readers[type].read(limit)) return fault(field, `must be ${readers[type].what}`);
  }
  const texts = (parameter.enum ?? []).map((text) => ["enum", text] as const);
  if (parameter.default !== undefined) texts.push(["default" as never, parameter.default]);
  for (const [field, text] of texts) {
    try {
      readValue(parameter, text);
    } catch (error) {
      if (error instanceof RangeError) return fault(field, error.message);
      throw error;
    }
  }
  return [];
}
