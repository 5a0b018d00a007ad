import avsc from "avsc";
import { defaultPrecision, defaultScale } from "../../fields/field-faults.ts";
import { canBeBig, hasMicroseconds, type PlainRow, type PlainValue, plainKey } from "../../store/plain-row.ts";
import type { Column, Table } from "../../tables/table.ts";
import { exactLongs } from "./exact-long.ts";

/** The Avro schema of a table's rows (Avro 1.11): a record; what a column may lack is a union with null. */
export function avroSchema(table: Table): object {
  const names = fieldNames(table);
  return {
    type: "record",
    name: table.name,
    namespace: "quintet.ingest",
    fields: table.columns.map((column, index) => ({
      name: names[index],
      // Avro allows other attributes; a reader that does not know them ignores them.
      ...(names[index] === column.name ? {} : { column: column.name }),
      type: fieldType(table, column),
    })),
  };
}

function fieldType(table: Table, column: Column): unknown {
  const type = avroType(column);
  return isNullable(table, column) ? ["null", type] : type;
}

/** Whether a column may have no value. */
export function isNullable({ primaryKey }: Table, { name, required }: Column): boolean {
  return !required && !primaryKey.includes(name);
}

function avroType(column: Column): unknown {
  const { type, precision = defaultPrecision, scale = defaultScale, zoned } = column;
  switch (type) {
    case "integer":
      return "long";
    case "number":
      return { type: "bytes", logicalType: "decimal", precision, scale };
    case "boolean":
      return "boolean";
    case "date":
      return { type: "int", logicalType: "date" };
    case "time":
      return { type: "long", logicalType: "time-micros" };
    case "datetime": {
      const unit = hasMicroseconds(column) ? "micros" : "millis";
      return { type: "long", logicalType: `${zoned ? "" : "local-"}timestamp-${unit}` };
    }
    case "uuid":
      return { type: "string", logicalType: "uuid" };
    default:
      return "string";
  }
}

const avroName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The names of the fields: those of the columns where Avro allows them, otherwise similar ones that are unique. */
export function fieldNames({ columns }: Pick<Table, "columns">): string[] {
  const taken = new Set(columns.map(({ name }) => name).filter((name) => avroName.test(name)));
  return columns.map(({ name }) => {
    if (avroName.test(name)) return name;
    const similar = name.replace(/[^A-Za-z0-9_]/gu, "_").replace(/^(?=\d)/, "_");
    let unique = similar;
    for (let number = 2; taken.has(unique); number++) unique = `${similar}_${number}`;
    taken.add(unique);
    return unique;
  });
}

/** Encodes a row at a position of a buffer; returns the position after it, or the number of missing bytes as a negative number. */
export type RowEncoder<Row> = (row: Row, to: Buffer, at: number) => number;

/** The encoder of plain rows by that schema. */
export function rowEncoder(table: Table): RowEncoder<PlainRow> {
  const schema = {
    type: "record",
    name: "Row",
    fields: table.columns.map((column, index) => ({ name: plainKey(index), type: fieldType(table, column) })),
  };
  const isExact = table.columns.some(
    (column) =>
      (column.type === "integer" && canBeBig(column)) || (column.type === "datetime" && hasMicroseconds(column)),
  );
  const options = { wrapUnions: "never", ...(isExact ? { typeHook: exactLongs } : {}) };
  const type = avsc.Type.forSchema(schema as avsc.Schema, options as object);
  const converted = table.columns.flatMap((column, index) => {
    const convert = conversion(column);
    return convert ? [{ key: plainKey(index), convert }] : [];
  });
  if (converted.length === 0) return (row, to, at) => type.encode(row, to, at);
  return (row, to, at) => {
    const values: Record<string, unknown> = { ...row };
    for (const { key, convert } of converted) {
      const value = row[key] ?? null;
      if (value !== null) values[key] = convert(value);
    }
    return type.encode(values, to, at);
  };
}

function conversion({ type, scale = defaultScale }: Column): ((value: NonNullable<PlainValue>) => unknown) | undefined {
  if (type === "boolean") return (value) => value === 1;
  if (type === "number") return (value) => decimalBytes(String(value), scale);
  return undefined;
}

/** The unscaled value of a decimal number: two's complement in big-endian order, as short as possible. */
export function decimalBytes(text: string, scale: number): Buffer {
  const [whole = "", fraction = ""] = text.split(".");
  const unscaled = BigInt(whole + fraction.padEnd(scale, "0"));
  let length = 1;
  while (BigInt.asIntN(8 * length, unscaled) !== unscaled) length++;
  return Buffer.from(
    BigInt.asUintN(8 * length, unscaled)
      .toString(16)
      .padStart(2 * length, "0"),
    "hex",
  );
}

/** The shortest text of a decimal number. */
export function decimalText(bytes: Uint8Array, scale: number): string {
  if (bytes.length === 0) return "0";
  const unscaled = BigInt.asIntN(8 * bytes.length, BigInt(`0x${Buffer.from(bytes).toString("hex")}`));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, "");
  const whole = scale === 0 ? digits : digits.slice(0, -scale);
  return `${unscaled < 0n ? "-" : ""}${whole}${scale === 0 || fraction === "" ? "" : `.${fraction}`}`;
}
