import type { Table } from "../tables/table.ts";
import { fieldBytes, type RecordBytes } from "./record.ts";

/** Whether the file has a header; `auto` detects it. */
export type HeaderMode = "auto" | "true" | "false";

/** For each column of the table, the index of its field in a record. */
export type FieldOrder = readonly number[];

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
function plainName(name: string): string {
  return name.normalize("NFC").replace(edges, "").toLowerCase();
}

/** Reads fields as column names of a table, in any order. */
export function readNames(table: Table, fields: readonly string[]): ColumnNames {
  const names = fields.map(plainName);
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
    return [name === "" ? `column ${index + 1}` : field.replace(edges, "").slice(0, maxNameLength)];
  });
  const plain = missing.length + unknown.length + repeated.length === 0;
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
export function looksLikeNames(table: Table, fields: readonly string[], isRow: boolean): boolean {
  const { known } = readNames(table, fields);
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

/** The field order of a record that is a header; fast for all other records. */
export function namedOrder(table: Table, record: RecordBytes): FieldOrder | undefined {
  if (record.fieldCount !== table.columns.length) return undefined;
  const first = plainName(fieldBytes(record, 0).toString());
  const isName = table.columns.some(({ name }) => name.length === first.length && plainName(name) === first);
  return isName ? readNames(table, fieldTexts(record)).order : undefined;
}

/** The fields of a record as text. */
export function fieldTexts(record: RecordBytes): string[] {
  const kept = Math.min(record.fieldCount, record.starts.length);
  return Array.from({ length: kept }, (_, index) => fieldBytes(record, index).toString());
}
