/**
 * Validates the bytes `from[start..end)` of a field, writes them to `to` at `at` as a field of `LOAD DATA`, and returns the position after
 * it, or a fault (a negative number). Writes at most twice the bytes and `maxGrowth` more.
 */
export type FieldWriter = (from: Buffer, start: number, end: number, to: Buffer, at: number) => number;

/** How much longer than twice its bytes a field can become: a number with an exponent, a date. */
export const maxGrowth = 80;
