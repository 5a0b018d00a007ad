import { isUtf8 } from "node:buffer";
import avsc from "avsc";
import { fieldCodec, plainFormat } from "../../fields/codec.ts";
import {
  hasMicroseconds,
  type PlainRow,
  type PlainValue,
  plainKey,
  plainValue,
  wholeNumber,
} from "../../store/plain-row.ts";
import type { Column, Table } from "../../tables/table.ts";
import { decimalText, fieldNames } from "./avro-schema.ts";
import { IncompatibleFile } from "./byte-source.ts";
import { exactLongs } from "./exact-long.ts";

/** Decodes the row at a position of a block: its values, and the position after it, which is negative when the block ends before. */
export type RowDecoder = (data: Buffer, at: number) => { value: PlainRow | undefined; offset: number };

/** One value of a file as a value of a plain row; `undefined` when it cannot be one. */
type Convert = (value: unknown) => PlainValue | undefined;

/** What stands for a text that is no UTF-8; no decoded text is half of a surrogate pair. */
export const invalidText = "\ud800";

const same: Convert = (value) => value as PlainValue;
const asText: Convert = (value) => {
  try {
    return typeof value === "string" ? value : new TextDecoder("utf-8", { fatal: true }).decode(value as Uint8Array);
  } catch {
    return undefined;
  }
};
const asDigits: Convert = (value) => String(value);
/** The shortest text of a `float`, which has about seven digits. */
const asFloat: Convert = (value) => {
  for (let digits = 6; digits <= 9; digits++) {
    const text = Number(value).toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(value);
};
const asUuid: Convert = (value) => Buffer.from(value as Uint8Array).toString("hex");

/** Moments in units of `unit` to a second as they are in a column: milli- or microseconds. */
function asMoment(column: Column, unit: bigint): Convert {
  const wanted = hasMicroseconds(column) ? 1_000_000n : 1000n;
  if (unit === wanted) return same;
  return (value) => {
    const scaled = BigInt(value as number | bigint) * wanted;
    return scaled % unit === 0n ? wholeNumber(scaled / unit) : undefined;
  };
}

/**
 * The types of a file that a column can be read from, by the name of the type with its logical type. Beyond the promotions of Avro 1.11
 * ("Schema Resolution") are those that change the unit or the notation of a value and not the value.
 */
function readableTypes(column: Column): Record<string, Convert> {
  const texts = { string: asText, bytes: asText, enum: asText };
  switch (column.type) {
    case "integer":
      return { long: same, int: same };
    case "number":
      return {
        "bytes (decimal)": same,
        "fixed (decimal)": same,
        int: asDigits,
        long: asDigits,
        float: asFloat,
        double: asDigits,
      };
    case "boolean":
      return { boolean: Number };
    case "date":
      return { "int (date)": same };
    case "time":
      return { "long (time-micros)": same, "int (time-millis)": (value) => Number(value) * 1000 };
    case "datetime": {
      const name = `long (${column.zoned ? "" : "local-"}timestamp-`;
      const units = { millis: 1000n, micros: 1_000_000n, nanos: 1_000_000_000n };
      const own = hasMicroseconds(column) ? "micros" : "millis";
      const first = { [`${name}${own})`]: asMoment(column, units[own]) };
      const others = Object.entries(units).map(([unit, per]) => [`${name}${unit})`, asMoment(column, per)]);
      return { ...first, ...Object.fromEntries(others) };
    }
    case "uuid":
      return { "string (uuid)": asText, "fixed (uuid)": asUuid, ...texts };
    default:
      return { ...texts, "string (uuid)": asText };
  }
}

/** The logical types of Avro 1.12; others are ignored, as the specification demands. */
const logicalTypes = new Set([
  ...["decimal", "uuid", "date", "time-millis", "time-micros", "duration"],
  ...["", "local-"].flatMap((kind) => ["millis", "micros", "nanos"].map((unit) => `${kind}timestamp-${unit}`)),
]);

interface FileField {
  name: string;
  type: unknown;
  aliases?: unknown;
  /** The name of a column that is no name in Avro. */
  column?: unknown;
}

/**
 * The decoder of the rows of a file with this schema as rows of a table: fields may be in any order, named by an alias, optional, of a
 * narrower type, and more than the table has. A column that the file lacks has its default value. Throws `IncompatibleFile`, which names the
 * first field that does not fit.
 */
export function rowDecoder(table: Table, schema: string): RowDecoder {
  const { fields, types, type } = parse(schema);
  let ofBytes: avsc.Type | undefined;
  const names = fieldNames(table);
  const columns = table.columns.map((column, index) => {
    const at = findField(fields, column.name, names[index]!);
    const key = plainKey(index);
    if (at < 0) return { key, from: "", convert: absent(column) };
    const convert = conversionOf(column, fields[at]!, types[at]!);
    return { key, from: plainKey(at), convert };
  });
  const isSame =
    fields.length === columns.length && columns.every(({ key, from, convert }) => key === from && convert === same);
  return (data, at) => {
    const { value, offset } = type.decode(data, at) as { value: PlainRow | undefined; offset: number };
    if (value === undefined || offset < 0) return { value: undefined, offset: -1 };
    const replaced = Object.keys(value).filter((key) => textOf(value[key])?.includes("\ufffd"));
    if (replaced.length > 0) {
      // avsc puts this character in the place of bytes that are no UTF-8.
      ofBytes ??= parse(schema, stringsAsBytes).type;
      const { value: bytes } = ofBytes.decode(data, at) as { value: Record<string, unknown> };
      for (const key of replaced) if (!isUtf8(bytesOf(bytes[key]))) value[key] = invalidText;
    }
    if (isSame) return { value, offset };
    const row: PlainRow = {};
    for (const { key, from, convert } of columns) {
      row[key] = value[from] === invalidText ? invalidText : (convert(value[from]) as PlainValue);
    }
    return { value: row, offset };
  };
}

/** A text in a column of strings, which may be in a union. */
function textOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return typeof value === "string" ? value : undefined;
  return "string" in value && typeof value.string === "string" ? value.string : undefined;
}

/** The bytes of such a text in a row of `stringsAsBytes`. */
function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : (value as { bytes: Uint8Array }).bytes;
}

/** For the option `typeHook`: every `string` of a schema as its bytes. */
function stringsAsBytes(schema: unknown): avsc.Type | undefined {
  const isText = schema === "string" || (schema as { type?: unknown } | null)?.type === "string";
  return isText ? avsc.Type.forSchema("bytes") : exactLongs(schema);
}

function findField(fields: readonly FileField[], column: string, name: string): number {
  const by = [
    (field: FileField) => field.column === column,
    (field: FileField) => field.column === undefined && field.name === column,
    (field: FileField) => field.column === undefined && field.name === name,
    (field: FileField) => Array.isArray(field.aliases) && field.aliases.includes(column),
  ];
  for (const matches of by) {
    const at = fields.findIndex(matches);
    if (at >= 0) return at;
  }
  return -1;
}

/** The default of a column that the file lacks. */
function absent(column: Column): Convert {
  const { absent: value } = fieldCodec(column, plainFormat);
  if (!Buffer.isBuffer(value)) throw new IncompatibleFile(`the field ${column.name} is missing`);
  const text = value.toString();
  const plain = text === "\\N" ? null : plainValue(column, column.default === undefined ? text : unescaped(text));
  return () => plain;
}

const unescaped = (text: string) => text.replace(/\\(.)/gs, (_, c: string) => ({ t: "\t", n: "\n" })[c] ?? c);

/** The fields of a schema, their types as avsc knows them, and the type of its rows, whose values are named by their places. */
function parse(
  schema: string,
  typeHook: (schema: unknown) => avsc.Type | undefined = exactLongs,
): {
  fields: FileField[];
  types: avsc.Type[];
  type: avsc.Type;
} {
  let file: { type?: unknown; fields?: FileField[] } | null;
  let type: avsc.types.RecordType;
  try {
    file = JSON.parse(schema);
    if (file?.type !== "record" || !Array.isArray(file.fields))
      throw new IncompatibleFile("its schema is not a record");
    const fields = file.fields.map(({ type: of }, index) => ({ name: plainKey(index), type: of }));
    const options = { typeHook, wrapUnions: "always" };
    type = avsc.Type.forSchema({ ...file, aliases: [], fields } as avsc.Schema, options as object) as typeof type;
  } catch (error) {
    if (error instanceof IncompatibleFile) throw error;
    throw new IncompatibleFile("its schema cannot be read");
  }
  return { fields: file.fields, types: type.fields.map((field) => field.type), type };
}

function conversionOf(column: Column, { type }: FileField, parsed: avsc.Type): Convert {
  const known = readableTypes(column);
  const convertFrom = (branch: unknown): Convert | undefined => {
    const name = typeName(branch);
    const convert = Object.hasOwn(known, name) ? known[name] : undefined;
    if (column.type !== "number" || !name.endsWith("(decimal)")) return convert;
    const scale = Number((branch as { scale?: number }).scale ?? 0);
    return (value) => decimalText(value as Uint8Array, scale);
  };
  const branches = Array.isArray(type) ? type : [type];
  const found = branches.map((branch) => (branch === "null" ? () => null : convertFrom(branch)));
  const canHave =
    branches.some((branch, at) => branch !== "null" && found[at]) || (type === "null" && !column.required);
  if (!canHave) {
    const wanted = Object.keys(known).join(" or ");
    throw new IncompatibleFile(`the field ${column.name} is ${branches.map(typeName).join(" or ")}, not ${wanted}`);
  }
  if (!Array.isArray(type)) return found[0]!;
  // The value of a union is null, or an object with the name of its type.
  const byName = new Map(
    (parsed as unknown as { types: { branchName: string }[] }).types.map(({ branchName }, at) => [
      branchName,
      found[at],
    ]),
  );
  return (value) => {
    if (value === null) return null;
    for (const name in value as object) return byName.get(name)?.((value as Record<string, unknown>)[name]);
    return undefined;
  };
}

/** A type of a schema as text, with its logical type if that is one of Avro's. */
function typeName(type: unknown): string {
  if (typeof type === "string") return type;
  if (typeof type !== "object" || type === null || !("type" in type)) return JSON.stringify(type) ?? "nothing";
  const logical = "logicalType" in type && logicalTypes.has(String(type.logicalType)) ? ` (${type.logicalType})` : "";
  return `${typeName(type.type)}${logical}`;
}
