import { csvFaults } from "./csv-reader.ts";
import type { Fault, FaultCode } from "./fault.ts";

/** Reject reasons that are not about the format of one field. */
export const rowFaults = {
  ...csvFaults,
  duplicateKey: (columns: readonly string[]): Fault => ({
    code: "duplicate-key",
    reason: `duplicate ${columns.join(", ")}`,
  }),
  notUnique: { code: "unique", reason: "is in another row already" },
  columnCount: (found: number, wanted: number): Fault => ({
    code: "columns",
    reason: `has ${found} ${found === 1 ? "column" : "columns"}, not ${wanted}`,
  }),
  noSuchRow: (table: string): Fault => ({ code: "reference", reason: `does not exist in ${table}` }),
} as const;

/** How much of a rejected row is kept. */
export const maxRawBytes = 64 * 1024;

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
