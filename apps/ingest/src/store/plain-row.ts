import { type KeyValue, keyFrom } from "../csv/row-keys.ts";
import { identifier } from "../tables/quote.ts";
import { type Column, columnNamed, type Table } from "../tables/table.ts";

/**
 * A value of a row in memory: a boolean is 0 or 1, a date the days since 1970, a time the microseconds since midnight, a datetime the
 * milliseconds or microseconds since 1970 (see `hasMicroseconds`), a number of a fixed scale its shortest text. Whole numbers beyond 2^53
 * are bigint. Two values of a column are the same exactly when they are equal by `===`.
 */
export type PlainValue = number | bigint | string | null;

/** A row by the places of its columns: `f0`, `f1`, … Names of columns could be anything, also names that an object has by itself. */
export type PlainRow = Record<string, PlainValue>;

/** The key of a column's value in a `PlainRow`. */
export const plainKey = (index: number) => `f${index}`;

const dayMs = 86_400_000;
const dayMicros = dayMs * 1000;
/** Days and seconds from year 0 to 1970, as `TO_DAYS` and `TO_SECONDS` count. */
const days1970 = 719_528;
const seconds1970 = 62_167_219_200;

/** Whether the values of a datetime column are in microseconds; otherwise they are in milliseconds. */
export const hasMicroseconds = ({ precision = 6 }: Column) => precision > 3;

/** Whether an integer column can have values beyond 2^53. */
export function canBeBig({ minimum, maximum }: Column): boolean {
  const isSafe = (bound: string | undefined) => bound !== undefined && Number.isSafeInteger(Number(bound));
  return !isSafe(minimum) || !isSafe(maximum);
}

/**
 * The columns of a table for a SELECT of plain rows; `names`: only these, of the table with the alias `t`. The server computes times
 * faster than the driver parses them.
 */
export function plainColumns(table: Table, names?: readonly string[]): string {
  return table.columns
    .flatMap((column, index) => {
      if (names && !names.includes(column.name)) return [];
      const name = `${names ? "t." : ""}${identifier(column.name)}`;
      return `${plainExpression(column, name)} AS ${plainKey(index)}`;
    })
    .join(", ");
}

function plainExpression(column: Column, name: string): string {
  switch (column.type) {
    case "number":
      return `CAST(${name} AS CHAR)`;
    case "date":
      return `TO_DAYS(${name}) - ${days1970}`;
    case "time":
      return `((HOUR(${name}) * 60 + MINUTE(${name})) * 60 + SECOND(${name})) * 1000000 + MICROSECOND(${name})`;
    case "datetime": {
      const seconds = `(TO_SECONDS(${name}) - ${seconds1970})`;
      return hasMicroseconds(column)
        ? `${seconds} * 1000000 + MICROSECOND(${name})`
        : `${seconds} * 1000 + MICROSECOND(${name}) DIV 1000`;
    }
    default:
      return name;
  }
}

/** Makes a row of `plainColumns`, as the driver returns it, a plain row; it is changed in place. */
export function plainReader(table: Table): (row: Record<string, unknown>) => PlainRow {
  const changed: [key: string, change: (text: string) => PlainValue][] = [];
  for (const [index, column] of table.columns.entries()) {
    if (column.type === "number") changed.push([plainKey(index), shortest]);
    // The driver returns a number that it cannot represent as text.
    else if ((column.type === "integer" && canBeBig(column)) || column.type === "datetime") {
      changed.push([plainKey(index), BigInt]);
    }
  }
  return (row) => {
    for (const [key, change] of changed) {
      const value = row[key];
      if (typeof value === "string") row[key] = change(value);
    }
    return row as PlainRow;
  };
}

/** A decimal number without zeros at the end of its fraction. */
const shortest = (text: string) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/** A whole number as it is in a plain row. */
export function wholeNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A value, which is not null, as text that the store takes for the column. Throws a `RangeError` for a time beyond all calendars. */
export function storeText(column: Column, value: NonNullable<PlainValue>): string {
  switch (column.type) {
    case "date":
      return dateTimeText(Number(value) * dayMs).slice(0, -13);
    case "time": {
      const micros = Number(value);
      if (micros < 0 || micros >= dayMicros) throw new RangeError("Not a time of day.");
      return microsText(value).slice(11);
    }
    case "datetime":
      return hasMicroseconds(column) ? microsText(value) : dateTimeText(Number(value));
    default:
      return String(value);
  }
}

/** `2021-11-07 02:48:42.123`. */
const dateTimeText = (milliseconds: number) => new Date(milliseconds).toISOString().slice(0, -1).replace("T", " ");

function microsText(value: NonNullable<PlainValue>): string {
  const micros = BigInt(value);
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  return dateTimeText(Number((micros - rest) / 1000n)) + String(rest).padStart(3, "0");
}

/** The value with that text, as a codec writes it. */
export function plainValue(column: Column, text: string): PlainValue {
  switch (column.type) {
    case "integer":
    case "boolean":
      return wholeNumber(BigInt(text));
    case "date":
      return Date.parse(text) / dayMs;
    case "time":
      return Number(microsOf(`1970-01-01 ${text}`));
    case "datetime": {
      const micros = microsOf(text);
      return hasMicroseconds(column) ? wholeNumber(micros) : Number(micros / 1000n);
    }
    default:
      return text;
  }
}

function microsOf(text: string): bigint {
  const [seconds = "", fraction = ""] = text.split(".");
  return BigInt(Date.parse(`${seconds.replace(" ", "T")}Z`)) * 1000n + BigInt(fraction.padEnd(6, "0"));
}

/** Returns a function that gives the key of a row in these columns, as a batch of a load has it. */
export function plainKeyReader(table: Table, names: readonly string[]): (row: PlainRow) => KeyValue {
  const parts = names.map((name) => {
    const column = columnNamed(table, name);
    return { column, key: plainKey(table.columns.indexOf(column)) };
  });
  const [only] = parts;
  return (row) => {
    const value = row[only!.key]!;
    if (parts.length === 1 && typeof value === "number" && only!.column.type === "integer") return value;
    const fields: string[] = [];
    for (const { column, key } of parts) {
      const part = row[key] ?? null;
      if (part === null) return null;
      const text = storeText(column, part);
      fields.push(column.type === "string" ? text.replace(/ +$/, "") : text);
    }
    return keyFrom(fields);
  };
}
