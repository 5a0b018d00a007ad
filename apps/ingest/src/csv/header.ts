import type { Table } from "../tables.ts";
import { fieldBytes, type RecordBytes } from "./record.ts";

/** Whether a record names the columns: `auto` finds out by the names. */
export type HeaderMode = "auto" | "true" | "false";

/** For each column of the table, the field of a record that holds it. */
export type FieldOrder = readonly number[];

/** The fields in the order of the table's columns. */
export function tableOrder(table: Table): FieldOrder {
  return table.columns.map((_, index) => index);
}

/** The fields of a record as names of columns. */
export interface ColumnNames {
  /** The order of fields that they give, when they are the table's columns, each once. */
  order: FieldOrder | undefined;
  /** How many columns are named. */
  known: number;
  /** What is named beside them: by its name, or its number when it has none. */
  unknown: string[];
  missing: string[];
  repeated: string[];
  /** Whether a column is named elsewhere than where it is in the table. */
  moved: boolean;
}

const maxNameLength = 64;
/** Spaces of all kinds, and what cannot be seen: byte order marks, zero-width spaces. */
const edges = /^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu;

/** Column names are the same without regard to case, to spaces around them, and to how a letter is composed. */
function plainName(name: string): string {
  return name.normalize("NFC").replace(edges, "").toLowerCase();
}

/** Reads fields as the names of a table's columns, in any order. */
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
 * Whether fields that are not simply the columns' names look as if they were meant to name them: most are known, or some are and no
 * row could be like that, or they could be nothing else.
 */
export function looksLikeNames(table: Table, fields: readonly string[], isRow: boolean): boolean {
  const { known } = readNames(table, fields);
  if (known * 2 > table.columns.length) return true;
  return !isRow && (known > 0 || areOtherNames(table, fields));
}

/**
 * Whether fields look like names that are all unknown, in a table where that matters: two columns of a kind could change places
 * unnoticed. There is no digit where numbers and dates belong, and nothing comes twice.
 */
function areOtherNames({ columns }: Table, fields: readonly string[]): boolean {
  if (fields.length !== columns.length || new Set(columns.map(({ kind }) => kind)).size === columns.length)
    return false;
  const distinct = new Set(fields.map(plainName));
  if (distinct.size < fields.length || distinct.has("")) return false;
  const numbers = fields.filter((_, index) => columns[index]!.kind !== "text");
  return numbers.length > 0 && numbers.every((field) => !/\p{N}/u.test(field));
}

/** The order that a record gives which names the columns; a quick no for any other. */
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
