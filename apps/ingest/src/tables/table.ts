import type { Dialect } from "../csv/dialect.ts";

/** The types of columns. */
export const columnTypes = [
  "integer",
  "number",
  "string",
  "boolean",
  "date",
  "time",
  "datetime",
  "uuid",
  "json",
] as const;
export type ColumnType = (typeof columnTypes)[number];

/** A column with its rules. Limits are texts as in a file, so that they are exact. */
export interface Column {
  name: string;
  title?: string;
  description?: string;
  type: ColumnType;
  /** Whether every row must have a value; always true in the primary key. */
  required: boolean;
  /** Whether no two rows may have the same value. */
  unique: boolean;
  /** Of integer, number, date, time and datetime. */
  minimum?: string;
  maximum?: string;
  /** Of string, in Unicode code points. */
  minLength?: number;
  maxLength?: number;
  /** A regular expression that the whole value of a string must match. */
  pattern?: string;
  enum?: readonly string[];
  /** The format of dates and times in files, in strptime %-codes; ISO 8601 without it. */
  format?: string;
  /** Whether a datetime is a moment, stored and returned in UTC; otherwise it is a local date and time without a zone. */
  zoned: boolean;
  /** Of number: the max number of digits, 38 by default. Of time and datetime: the digits of a second's fraction, 6 by default. */
  precision?: number;
  /** Of number: the max number of digits after the point, 12 by default. */
  scale?: number;
  /** The value, as in a file, when a file lacks the column. */
  default?: string;
}

/** A foreign key: `columns` together refer to the columns `references` of `table`. A NULL in one of them refers to nothing. */
export interface ForeignKey {
  columns: readonly string[];
  table: string;
  references: readonly string[];
}

/** The definition of a table, a value that is passed around. */
export interface Table {
  name: string;
  /** Counts the changes of the definition, and is never used for another one of the same name. */
  version: number;
  columns: readonly Column[];
  /** Names of columns, in the order of the key. */
  primaryKey: readonly string[];
  foreignKeys: readonly ForeignKey[];
  /** Texts in files that are no value; an empty field is none as well when `""` is among them. */
  missingValues: readonly string[];
  /** What is saved of the dialect of its files. */
  dialect: Partial<Dialect>;
  title?: string;
  description?: string;
}

/** A foreign key of a table that refers to another one or to itself. */
export interface IncomingReference {
  from: Table;
  key: ForeignKey;
}

/** The hidden column of every table: the id of the load that wrote the row last; NULL when something else did. */
export const loadColumn = "_load";

/** The hidden column of the tables beside it: the load that has staged the row, or has kept it. No column of a definition begins with "_". */
export const loadOfColumn = "_of_load";

/** The table of rows of loads that are not visible yet. */
export const stagedName = (table: string) => `staged_${table}`;

/** The table of rows as they were before a load changed or deleted them. */
export const beforeName = (table: string) => `before_${table}`;

/** The column with that name. Throws when there is none: a name in a definition always has its column. */
export function columnNamed(table: Table, name: string): Column {
  const column = table.columns.find((each) => each.name === name);
  if (!column) throw new Error(`${table.name} has no column ${name}.`);
  return column;
}
