import { type Dialect, defaultDialect } from "../csv/dialect.ts";
import type { Table } from "../tables/table.ts";

/** How the values of a file are written, the same for all its columns. */
export interface FieldFormat {
  /** Texts that are no value: NULL. */
  missing: readonly string[];
  /** Texts that are no value in columns other than those of text. */
  missingTyped?: readonly string[] | undefined;
  decimal: "." | ",";
  /** The separator of groups of three digits; empty: there is none. */
  thousands: string;
  /** The format of dates, in strptime %-codes or as `DD/MM/YYYY`; ISO 8601 is always accepted. */
  dateFormat?: string | undefined;
  /** The time zone (IANA) of dates and times without one. */
  defaultZone?: string | undefined;
  /** Whether numbers and times that are too precise are rounded, half away from zero; otherwise they are rejected. */
  round: boolean;
  /** Whether white space around a value is ignored. */
  trim: boolean;
  trueValues?: readonly string[] | undefined;
  falseValues?: readonly string[] | undefined;
}

/** The format of a table's values where nothing else is specified. */
export function tableFormat(table: Pick<Table, "missingValues">): FieldFormat {
  return { missing: table.missingValues, decimal: ".", thousands: "", round: false, trim: false };
}

/** The dialect of a table's files where nothing is recognised or given. */
export function tableDialect({ missingValues, dialect }: Pick<Table, "missingValues" | "dialect">): Dialect {
  return { ...defaultDialect, missing: missingValues, ...dialect };
}

/** How the values of a file in this dialect are read. */
export function fieldFormat(dialect: Dialect): FieldFormat {
  const { missing, missingTyped, decimal, thousands, dateFormat, defaultZone, round, trim, trueValues, falseValues } =
    dialect;
  return {
    missing,
    missingTyped,
    decimal,
    thousands,
    dateFormat: dateFormat ?? undefined,
    defaultZone: defaultZone ?? undefined,
    round,
    trim,
    trueValues: trueValues ?? undefined,
    falseValues: falseValues ?? undefined,
  };
}
