import type { PlainRow } from "../store/row-range.ts";
import type { Table } from "../tables/table.ts";

/** The changes that turn the rows of a table into the wanted ones. */
export interface RowDifference {
  /** The indexes of wanted rows that are missing or different. */
  write: number[];
  /** The ids of rows to delete. */
  remove: number[];
}

/** Compares the rows of a table with the wanted ones; both are sorted by id. */
export function rowDifference(table: Table, wanted: readonly PlainRow[], found: readonly PlainRow[]): RowDifference {
  const names = table.columns.map((column) => column.name);
  const write: number[] = [];
  const remove: number[] = [];
  let at = 0;
  for (const [number, row] of wanted.entries()) {
    const id = Number(row.id);
    let there = found[at];
    while (there && Number(there.id) < id) {
      remove.push(Number(there.id));
      there = found[++at];
    }
    if (there?.id !== id) {
      write.push(number);
      continue;
    }
    at++;
    if (names.some((name) => row[name] !== there[name])) write.push(number);
  }
  for (const row of found.slice(at)) remove.push(Number(row.id));
  return { write, remove };
}
