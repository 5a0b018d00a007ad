import { type Column, columnNamed, type ForeignKey, type Table } from "../tables/table.ts";
import { escapeText, rowFields } from "./load-data-format.ts";

/**
 * The key of a row: a number for one integer column as long as it is exact, otherwise the fields of its columns as they are written for
 * `LOAD DATA`. Two keys of a table are equal exactly when they are for MySQL: its collations for keys, utf8mb4_bin and ascii_bin, ignore
 * spaces at the end and nothing else. Null if one of the columns is NULL: such a row has no key, and refers to nothing.
 */
export type KeyValue = number | string | null;

/** The columns of a key or a reference, and their values in the rows of a batch. */
export interface RowKeys {
  columns: readonly Column[];
  /** The indexes of the columns in the table. */
  indexes: readonly number[];
  values: KeyValue[];
}

/** The values of a foreign key in the rows of a batch. */
export interface RowReferences extends RowKeys {
  key: ForeignKey;
  /** If the rows refer to rows of their own table, the key by which others refer to them. */
  own: RowKeys | undefined;
}

/** The keys of a table's rows: the primary key, and each column that is unique. */
export function tableKeys(table: Table): RowKeys[] {
  const unique = table.columns.filter(({ name, unique: is }) => is && !isPrimary(table, name));
  return [keyOf(table, table.primaryKey), ...unique.map(({ name }) => keyOf(table, [name]))];
}

const isPrimary = ({ primaryKey }: Table, name: string) => primaryKey.length === 1 && primaryKey[0] === name;

/** The foreign keys of a table's rows. */
export function tableReferences(table: Table): RowReferences[] {
  return table.foreignKeys.map((key) => ({
    ...keyOf(table, key.columns),
    key,
    own: key.table === table.name ? keyOf(table, key.references) : undefined,
  }));
}

function keyOf(table: Table, names: readonly string[]): RowKeys {
  const columns = names.map((name) => columnNamed(table, name));
  return { columns, indexes: columns.map((column) => table.columns.indexOf(column)), values: [] };
}

const tab = 0x09;
const space = 0x20;
const zero = 0x30;
const minus = 0x2d;
const backslash = 0x5c;
const capitalN = 0x4e;
const maxSafeDigits = 15;

/** The key in a written row; `starts` and `ends`: the positions of its fields. */
export function readKey({ columns, indexes }: RowKeys, text: Buffer, starts: Int32Array, ends: Int32Array): KeyValue {
  const first = indexes[0]!;
  if (indexes.length === 1) return readValue(columns[0]!, text, starts[first]!, ends[first]!);
  const parts: string[] = [];
  for (const [at, index] of indexes.entries()) {
    const part = readValue(columns[at]!, text, starts[index]!, ends[index]!);
    if (part === null) return null;
    parts.push(String(part));
  }
  return parts.join("\t");
}

function readValue({ type }: Column, text: Buffer, start: number, end: number): KeyValue {
  if (end - start === 2 && text[start] === backslash && text[start + 1] === capitalN) return null;
  if (type === "integer" && end - start <= maxSafeDigits) return readInteger(text, start, end);
  let last = end;
  if (type === "string") while (last > start && text[last - 1] === space) last--;
  return text.toString("utf8", start, last);
}

function readInteger(text: Buffer, start: number, end: number): number {
  const negative = text[start] === minus;
  let value = 0;
  for (let at = negative ? start + 1 : start; at < end; at++) value = value * 10 + text[at]! - zero;
  return negative ? -value : value;
}

/** The fields of a key. */
export function keyFields(value: NonNullable<KeyValue>): string[] {
  return typeof value === "number" ? [String(value)] : (rowFields(value) as string[]);
}

/** The key with these fields as MySQL returns them. */
export function keyFrom(fields: readonly string[]): KeyValue {
  const [only = ""] = fields;
  if (fields.length === 1 && only.length <= maxSafeDigits && /^-?\d+$/.test(only)) return Number(only);
  return fields.map(escapeText).join(String.fromCharCode(tab));
}
