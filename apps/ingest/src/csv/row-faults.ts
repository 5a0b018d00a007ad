import { csvFaults } from "./csv-reader.ts";

export const maxId = 2_147_483_647;
export const maxTextLength = 255;

/** What can be wrong with a field. The numbers are what the field writers return instead of a place. */
export const fieldFaults = {
  required: -1,
  wholeNumber: -2,
  tooLong: -3,
  invalidUtf8: -4,
  nul: -5,
  dateTime: -6,
  noSuchMoment: -7,
  noZone: -8,
  tooPrecise: -9,
  outOfRange: -10,
} as const;

const texts: Record<number, string> = {
  [fieldFaults.required]: "is required",
  [fieldFaults.wholeNumber]: `must be a whole number from 1 to ${maxId}`,
  [fieldFaults.tooLong]: `is longer than ${maxTextLength} characters`,
  [fieldFaults.invalidUtf8]: "is not valid UTF-8",
  [fieldFaults.nul]: "contains a NUL",
  [fieldFaults.dateTime]: "must be a date and time like 2021-11-07T02:48:42Z",
  [fieldFaults.noSuchMoment]: "is a date or time that does not exist",
  [fieldFaults.noZone]: "has no time zone: it must end in Z or an offset",
  [fieldFaults.tooPrecise]: "is more precise than milliseconds",
  [fieldFaults.outOfRange]: "is not in the years 1000 to 9999",
};

/** The reason that a client reads for a field fault. */
export function faultText(fault: number): string {
  return texts[fault] ?? "is not valid";
}

/** Reasons that are not about the form of one field. */
export const rowFaults = {
  ...csvFaults,
  duplicateId: "duplicate id",
  columnCount: (found: number, wanted: number) => `has ${found} ${found === 1 ? "column" : "columns"}, not ${wanted}`,
  noSuchRow: (table: string) => `does not exist in ${table}`,
} as const;

/** A row that was not stored. `column` is empty when the fault is the row's as a whole. */
export interface Reject {
  /** The physical line on which it begins, from 1; for rows in JSON the number of the row, from 1. */
  line: number;
  column: string;
  reason: string;
  /** The row as it was sent, its first 2 KiB. */
  raw: string;
}
