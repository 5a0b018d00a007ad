import { withSign } from "../fields/write-number.ts";
import type { ColumnType } from "../tables/table.ts";
import type { Dialect } from "./dialect.ts";
import type { Refusal } from "./sniff-encoding.ts";

/** The values of a column at the beginning of a file. */
export interface ColumnSample {
  name: string;
  values: readonly string[];
  /** The type of the column; undefined when it is still to be found. */
  type?: ColumnType | undefined;
  /** Whether its values need a time zone. */
  zoned?: boolean | undefined;
  /** The format of its dates, if the column has one. */
  format?: string | undefined;
}

/** How values are written, as far as the sample tells. */
export interface SniffedValues {
  found: Partial<Pick<Dialect, "decimal" | "thousands" | "dateFormat" | "missingTyped" | "trueValues" | "falseValues">>;
  doubts: string[];
  refused?: Refusal;
}

/** Texts by which programs write that there is no value. */
const missingWords = new Set([
  "NULL",
  "null",
  "NA",
  "N/A",
  "n/a",
  "#N/A",
  "NaN",
  "nan",
  "None",
  "(null)",
  "\\N",
  "-",
  "–",
  "—",
  ".",
]);
const enoughValues = 3;

/**
 * Recognises how numbers and dates are written, and which words stand for no value. Nothing is guessed: when a sample has two readings
 * it is refused, naming both. `isTyped`: the file says itself what is no value.
 */
export function sniffValues(columns: readonly ColumnSample[], given: Partial<Dialect>, isTyped = false): SniffedValues {
  const result: SniffedValues = { found: {}, doubts: [] };
  const typed = columns.map((column) => ({ ...column, values: column.values.map((value) => value.trim()) }));
  if (!isTyped) sniffMissing(typed, given, result);
  const known = new Set([
    ...(given.missing ?? []),
    ...(given.missingTyped ?? []),
    ...(result.found.missingTyped ?? []),
    "",
  ]);
  const valued = typed.map((column) => ({ ...column, values: column.values.filter((value) => !known.has(value)) }));
  if (given.decimal === undefined && given.thousands === undefined) sniffNumbers(valued, result);
  if (given.dateFormat === undefined) sniffDates(valued, result);
  if (given.trueValues === undefined && given.falseValues === undefined) sniffBooleans(valued, result);
  if (given.defaultZone === undefined) sniffZones(valued, result);
  return result;
}

function sniffMissing(
  columns: readonly ColumnSample[],
  given: Partial<Dialect>,
  { found, doubts }: SniffedValues,
): void {
  const seen = new Set<string>();
  const known = new Set([...(given.missing ?? []), ...(given.missingTyped ?? [])]);
  for (const { type, values } of columns) {
    if (type === "string" || type === "json") continue;
    const words = values.filter((value) => missingWords.has(value) && !known.has(value));
    const others = values.filter((value) => value !== "" && !missingWords.has(value));
    if (type === undefined && (others.length === 0 || !others.every((value) => /^[+-]?\d/.test(value)))) continue;
    for (const word of words) seen.add(word);
  }
  if (seen.size === 0) return;
  found.missingTyped = [...seen];
  const words = [...seen].join(", ");
  doubts.push(`${words} is read as no value, except in columns of text: missing=${words} reads it so in all columns`);
}

const isNumber = ({ type }: ColumnSample) => type === "number" || type === "integer";
const numeric = /^[+-]?\d[\d.,'’_ \u00a0\u202f]*\d?$/;

/** Whether a column of a type still to be found has numbers. */
function looksNumeric({ type, values }: ColumnSample): boolean {
  return type === undefined && values.length > 0 && values.every((value) => numeric.test(withSign(value)));
}

function sniffNumbers(columns: readonly ColumnSample[], result: SniffedValues): void {
  const decimals = new Set<string>();
  const groups = new Set<string>();
  const ambiguous: { name: string; value: string; sign: string; whole: boolean }[] = [];
  for (const column of columns) {
    if (!isNumber(column) && !looksNumeric(column)) continue;
    for (const value of column.values.map(withSign)) {
      if (!numeric.test(value)) continue;
      const signs = value.replace(/[\d+-]/g, "");
      const last = signs.at(-1);
      if (last === undefined) continue;
      const isGrouped = /^[+-]?\d{1,3}(?:[.,'’_ \u00a0\u202f]\d{3})+(?:[.,]\d*)?$/.test(value);
      const kinds = new Set(signs);
      if (kinds.size === 2 && isGrouped) {
        groups.add(signs[0]!);
        decimals.add(last);
      } else if (kinds.size === 1 && isGrouped && (signs.length > 1 || !/[.,]/.test(last))) {
        groups.add(last);
      } else if (kinds.size === 1 && signs.length === 1 && /[.,]/.test(last)) {
        if (isGrouped && !/^[+-]?0/.test(value)) {
          ambiguous.push({ name: column.name, value, sign: last, whole: column.type === "integer" });
        } else decimals.add(last);
      }
    }
  }
  const { found, doubts } = result;
  if (decimals.size > 1) {
    doubts.push("numbers have decimal commas and decimal points: send decimal=");
    return;
  }
  const decimal = [...decimals][0] ?? (groups.has(".") ? "," : undefined);
  const unclear = ambiguous.find(
    ({ sign, whole }) => decimal === undefined && !groups.has(sign) && (sign === "," || whole),
  );
  if (unclear) {
    const { name, value, sign } = unclear;
    const digits = value.replace(sign, "");
    result.refused = {
      refusal:
        `${name} has values such as ${value}, which may be ${digits} or ${value.replace(sign, ".")}: ` +
        `send thousands=${sign} or decimal=${sign}`,
      parameter: sign === "," ? "decimal" : "thousands",
    };
    return;
  }
  for (const { sign } of ambiguous) if (decimal !== undefined && sign !== decimal) groups.add(sign);
  const thousands = [...groups].find((sign) => sign !== decimal);
  if (decimal === ",") found.decimal = ",";
  if (thousands !== undefined) found.thousands = thousands;
  if (found.decimal === undefined && found.thousands === undefined) return;
  doubts.push(
    `numbers are read with ${found.decimal === "," ? "a decimal comma" : "a decimal point"}` +
      `${thousands === undefined ? "" : ` and ${JSON.stringify(thousands)} between thousands`}`,
  );
}

/** Words for true and false that are no English ones, as people and spreadsheets write them. */
const truths = [
  ["ja", "nein"],
  ["wahr", "falsch"],
  ["oui", "non"],
  ["vrai", "faux"],
  ["sí", "no"],
  ["si", "no"],
  ["verdadero", "falso"],
  ["sim", "não"],
  ["verdadeiro", "falso"],
  ["sì", "no"],
  ["vero", "falso"],
  ["ja", "nee"],
  ["waar", "onwaar"],
  ["ja", "nej"],
  ["tak", "nie"],
  ["prawda", "fałsz"],
  ["да", "нет"],
  ["истина", "ложь"],
  ["on", "off"],
  ["-1", "0"],
] as const;
const englishTruths = new Set(["true", "t", "yes", "y", "1", "false", "f", "no", "n", "0"]);

/** Recognises the words for true and false when all values are among those of one language. */
function sniffBooleans(columns: readonly ColumnSample[], { found, doubts }: SniffedValues): void {
  const words = new Set(columns.flatMap(({ type, values }) => (type === "boolean" ? values : [])));
  if ([...words].every((word) => englishTruths.has(word.toLowerCase()))) return;
  const pair = truths.find((each) => [...words].every((word) => each.some((text) => text === word.toLowerCase())));
  if (pair === undefined) return;
  const [yes, no] = pair.map((text) => [text, text.toUpperCase(), text[0]!.toUpperCase() + text.slice(1)]);
  found.trueValues = [...new Set(yes)];
  found.falseValues = [...new Set(no)];
  doubts.push(`${pair[0]} is read as true, ${pair[1]} as false`);
}

const isDate = ({ type, format }: ColumnSample) => (type === "date" || type === "datetime") && format === undefined;
const months = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
const clockOf =
  "(?:[ T]+(?<hour>\\d{1,2}):\\d{2}(?<second>:\\d{2}(?<fraction>[.,]\\d+)?)?(?<half> ?[ap]\\.?m\\.?)?(?<zone> ?(?:Z|UTC|[+-]\\d\\d:?\\d\\d))?)?$";
const byNumbers = new RegExp(`^(?<a>\\d{1,4})(?<sep>[./-])(?<b>\\d{1,2})\\k<sep>(?<c>\\d{4}|\\d{2})${clockOf}`, "i");
const byName = new RegExp(
  `^(?<a>\\d{1,2})(?<sep>[ ./-]?)(?<b>(?:${months})[a-z]*)\\k<sep>(?<c>\\d{4}|\\d{2})${clockOf}`,
  "i",
);
const byNameFirst = new RegExp(`^(?<b>(?:${months})[a-z]*) (?<a>\\d{1,2}), (?<c>\\d{4})${clockOf}`, "i");

/** The formats that a date may have: none when it is ISO 8601; and the format of its time if that is not. */
interface DateFormats {
  dates: string[];
  time?: string;
}

/** The formats that a value may have; undefined when it is no date. */
function formatsOf(value: string): DateFormats | undefined {
  const found = byNumbers.exec(value) ?? byName.exec(value) ?? byNameFirst.exec(value);
  if (!found?.groups) return /^\d{4}-\d\d-\d\d/.test(value) ? { dates: [] } : undefined;
  const { a = "", b = "", c = "", sep, hour, second, fraction, half } = found.groups;
  if (sep === "" && c.length === 2) return undefined;
  const year = c.length === 2 ? "%y" : "%Y";
  const seconds = `${second ? ":%S" : ""}${fraction ? `${fraction[0]}%f` : ""}`;
  const time = half ? `%I:%M${seconds}${half.startsWith(" ") ? " " : ""}%p` : `%H:%M${seconds}`;
  const isIsoTime = hour === undefined || (hour.length === 2 && half === undefined);
  const written = (dates: string[]) => (isIsoTime ? { dates } : { dates, time });
  if (/[a-z]/i.test(b)) {
    const name = b.length > 3 ? "%B" : "%b";
    return written([sep === undefined ? `${name} %d, ${year}` : `%d${sep}${name}${sep}${year}`]);
  }
  if (a.length === 4) return written(sep === "." || !isIsoTime || b.length < 2 ? [`%Y${sep}%m${sep}%d`] : []);
  const dates: string[] = [];
  if (a.length <= 2 && Number(b) <= 12) dates.push(`%d${sep}%m${sep}${year}`);
  // No country writes the month first between dots.
  if (a.length <= 2 && Number(a) <= 12 && sep !== ".") dates.push(`%m${sep}%d${sep}${year}`);
  return dates.length === 0 ? undefined : written(dates);
}

/** The format of a date of eight digits, which are a date only where one is wanted. */
function compactFormat(value: string): DateFormats | undefined {
  return /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/.test(value) ? { dates: ["%Y%m%d"] } : undefined;
}

function sniffDates(columns: readonly ColumnSample[], result: SniffedValues): void {
  let possible: string[] | undefined;
  let example: { name: string; value: string } | undefined;
  let proof: string | undefined;
  let time: string | undefined;
  for (const column of columns) {
    const readable = (value: string) => formatsOf(value) ?? (isDate(column) ? compactFormat(value) : undefined);
    const read = isDate(column) || column.type === undefined ? column.values.map(readable) : [];
    if (column.type === undefined && (read.length === 0 || read.includes(undefined))) continue;
    for (const [at, formats] of read.entries()) {
      if (formats === undefined || formats.dates.length === 0) continue;
      const value = column.values[at]!;
      example ??= { name: column.name, value };
      time ??= formats.time;
      const both: string[] = possible?.filter((format) => formats.dates.includes(format)) ?? formats.dates;
      if (both.length < (possible?.length ?? 2)) proof = value;
      possible = both;
    }
  }
  if (possible === undefined || example === undefined) return;
  const [first, second] = possible.map((date) => (time === undefined ? date : `${date} ${time}`));
  if (first === undefined) {
    result.doubts.push(`dates such as ${example.value} are written in more than one way`);
  } else if (second !== undefined) {
    result.refused ??= {
      refusal:
        `${example.name} has dates such as ${example.value}, which may have the day or the month first: ` +
        `send dateFormat=${first} or dateFormat=${second}`,
      parameter: "dateFormat",
    };
  } else {
    result.found.dateFormat = first;
    result.doubts.push(`dates are read as ${first}, such as ${proof ?? example.value}`);
  }
}

/** Refuses times without a zone where moments are stored, when there are enough of them and none has one. */
function sniffZones(columns: readonly ColumnSample[], result: SniffedValues): void {
  for (const { name, type, zoned, values, format } of columns) {
    if (type !== "datetime" || zoned !== true || format !== undefined || values.length < enoughValues) continue;
    const isLocal = (value: string) =>
      /^\d{1,4}[./-].*:\d\d/.test(value) && !/(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)$/i.test(value);
    if (!values.every(isLocal)) continue;
    result.refused ??= {
      refusal: `${name} has times such as ${values[0]}, without a time zone: send defaultZone=, such as UTC or America/Bogota`,
      parameter: "defaultZone",
    };
  }
}
