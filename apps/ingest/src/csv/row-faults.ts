import { csvFaults } from "./csv-reader.ts";
import type { Fault, FaultCode } from "./fault.ts";

export const maxId = 2_147_483_647;
export const maxTextLength = 255;

/** The faults of a field. The field writers return these numbers instead of a position. */
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

const codes: Record<number, FaultCode> = {
  [fieldFaults.required]: "required",
  [fieldFaults.tooLong]: "max-length",
  [fieldFaults.invalidUtf8]: "encoding",
  [fieldFaults.outOfRange]: "minimum",
};

/** The reject code and reason of a field fault. */
export function fieldFault(fault: number): Fault {
  return { code: codes[fault] ?? "type", reason: texts[fault] ?? "is not valid" };
}

/** Reject reasons that are not about the format of one field. */
export const rowFaults = {
  ...csvFaults,
  duplicateId: { code: "duplicate-key", reason: "duplicate id" },
  columnCount: (found: number, wanted: number): Fault => ({
    code: "columns",
    reason: `has ${found} ${found === 1 ? "column" : "columns"}, not ${wanted}`,
  }),
  noSuchRow: (table: string): Fault => ({ code: "reference", reason: `does not exist in ${table}` }),
} as const;

/** A row that was not stored. `column` is empty when the row as a whole is invalid. */
export interface Reject {
  /** The line on which it starts, from 1; for rows in JSON the number of the row, from 1. */
  line: number;
  column: string;
  code: FaultCode;
  reason: string;
  /** The row as sent, at most its first 64 KiB. */
  raw: Buffer;
}
