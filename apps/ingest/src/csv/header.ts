import type { Table } from "../tables/table.ts";
import { fieldBytes, type RecordBytes } from "./record.ts";

/** Whether the file has a header; `auto` detects it. */
export type HeaderMode = "auto" | "true" | "false";

/** For each column of the table, the index of its field in a record; -1: the file lacks it. */
export type FieldOrder = readonly number[];

/** How the names of a header become columns. */
export interface ColumnOptions {
  /** Names in the file, and the columns that they stand for. */
  map?: Readonly<Record<string, string>>;
  /** Whether other columns of the file are left out, and not refused. */
  ignoreExtra?: boolean;
}

/** The fields in the order of the table's columns. */
export function tableOrder(table: Table): FieldOrder {
  return table.columns.map((_, index) => index);
}

/** The fields of a record, read as column names. */
export interface ColumnNames {
  /** The order of fields, when they are exactly the columns of the table, each once. */
  order: FieldOrder | undefined;
  /** The number of columns of the table that are named. */
  known: number;
  /** The other names; an empty name by its number. */
  unknown: string[];
  missing: string[];
  repeated: string[];
  /** Whether a column is at a different position than in the table. */
  moved: boolean;
}

const maxNameLength = 64;
/** White space and invisible characters: byte order marks, zero-width spaces. */
const edges = /^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu;

/** Column names are compared without regard to case, surrounding spaces and Unicode normal form. */
export function plainName(name: string): string {
  return name.normalize("NFC").replace(edges, "").toLowerCase();
}

/** Reads fields as column names of a table, in any order. */
export function readNames(table: Table, fields: readonly string[], options: ColumnOptions = {}): ColumnNames {
  const mapped = new Map(Object.entries(options.map ?? {}).map(([from, to]) => [plainName(from), plainName(to)]));
  const names = fields.map((field) => mapped.get(plainName(field)) ?? plainName(field));
  const columns = table.columns.map(({ name }) => name);
  const places = columns.map((column) => names.indexOf(plainName(column)));
  const missing = columns.filter((_, index) => places[index] === -1);
  const repeated = columns.filter(
    (column) => names.indexOf(plainName(column)) !== names.lastIndexOf(plainName(column)),
  );
  const known = new Set(columns.map(plainName));
  const unknown = fields.flatMap((field, index) => {
    const name = names[index]!;
    if (known.has(name)) return [];
    return [
      name === "" ? `column ${index + 1}` : field.replace(edges, "").replace(/\s+/g, " ").slice(0, maxNameLength),
    ];
  });
  const expected = new Set(Object.values(options.map ?? {}));
  const isOptional = (name: string) => {
    const column = table.columns.find((each) => each.name === name);
    return !expected.has(name) && (column?.required === false || column?.default !== undefined);
  };
  const isWhole = missing.length < columns.length && missing.every(isOptional) && repeated.length === 0;
  const plain = isWhole && (unknown.length === 0 || options.ignoreExtra === true);
  return {
    order: plain ? places : undefined,
    known: columns.length - missing.length,
    unknown,
    missing,
    repeated,
    moved: places.some((place, index) => place !== -1 && place !== index),
  };
}

/**
 * Whether fields that are not exactly the column names look like a header: most are known names, or some are and the fields cannot be
 * a row, or they can only be names.
 */
export function looksLikeNames(
  table: Table,
  fields: readonly string[],
  isRow: boolean,
  columns: ColumnOptions = {},
): boolean {
  const { known } = readNames(table, fields, columns);
  if (known * 2 > table.columns.length) return true;
  return !isRow && (known > 0 || areOtherNames(table, fields));
}

/**
 * Whether fields look like names that are all unknown, in a table with two columns of the same type, which could be swapped
 * unnoticed: no digits where numbers and dates belong, and no repetition.
 */
function areOtherNames({ columns }: Table, fields: readonly string[]): boolean {
  if (fields.length !== columns.length || new Set(columns.map(({ type }) => type)).size === columns.length)
    return false;
  const distinct = new Set(fields.map(plainName));
  if (distinct.size < fields.length || distinct.has("")) return false;
  const numbers = fields.filter((_, index) => columns[index]!.type !== "string");
  return numbers.length > 0 && numbers.every((field) => !/\p{N}/u.test(field));
}

/** The field order of a record that is a header of `width` names; fast for all other records. */
export function namedOrder(
  table: Table,
  record: RecordBytes,
  { width = table.columns.length, ...options }: ColumnOptions & { width?: number } = {},
): FieldOrder | undefined {
  if (record.fieldCount !== width) return undefined;
  const first = plainName(fieldBytes(record, 0).toString());
  const isPlain = Object.keys(options.map ?? {}).length === 0 && options.ignoreExtra !== true;
  const isName = table.columns.some(({ name }) => name.length === first.length && plainName(name) === first);
  return isName || !isPlain ? readNames(table, fieldTexts(record), options).order : undefined;
}

/** The fields of a record as text. */
export function fieldTexts(record: RecordBytes): string[] {
  const kept = Math.min(record.fieldCount, record.starts.length);
  return Array.from({ length: kept }, (_, index) => fieldBytes(record, index).toString());
}
