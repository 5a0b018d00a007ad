import { keyOrder } from "../store/key-order.ts";
import { type PlainRow, plainKey } from "../store/plain-row.ts";
import type { Table } from "../tables/table.ts";

/** The changes that turn the rows of a table into the wanted ones. */
export interface RowDifference {
  /** The indexes of wanted rows that are missing or different. */
  write: number[];
  /** How many of them are missing; the others are different. */
  added: number;
  /** The rows to delete. */
  remove: PlainRow[];
}

/** Compares the rows of a table with the wanted ones; both are sorted by their primary key. */
export function rowDifference(table: Table, wanted: readonly PlainRow[], found: readonly PlainRow[]): RowDifference {
  const compare = keyOrder(table);
  const keys = table.columns.map((_, index) => plainKey(index));
  const write: number[] = [];
  const remove: PlainRow[] = [];
  let added = 0;
  let at = 0;
  for (const [number, row] of wanted.entries()) {
    let there = found[at];
    let order = there === undefined ? 1 : compare(there, row);
    while (there !== undefined && order < 0) {
      remove.push(there);
      there = found[++at];
      order = there === undefined ? 1 : compare(there, row);
    }
    if (there === undefined || order > 0) {
      write.push(number);
      added++;
      continue;
    }
    at++;
    if (keys.some((key) => row[key] !== there[key])) write.push(number);
  }
  for (const row of found.slice(at)) remove.push(row);
  return { write, added, remove };
}
