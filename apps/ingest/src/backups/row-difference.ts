import type { PlainRow } from "../store/row-range.ts";
import type { Table } from "../tables.ts";

/** What turns some rows of a table into the ones that it should have. */
export interface RowDifference {
  /** Rows that are missing or different. */
  write: PlainRow[];
  /** The ids of rows that should not be there. */
  remove: number[];
}

/** Compares rows with the ones that there should be; both are sorted by id. */
export function rowDifference(table: Table, wanted: readonly PlainRow[], found: readonly PlainRow[]): RowDifference {
  if (found.length === 0) return { write: [...wanted], remove: [] };
  const names = table.columns.map((column) => column.name);
  const write: PlainRow[] = [];
  const remove: number[] = [];
  let at = 0;
  for (const row of wanted) {
    const id = Number(row.id);
    let there = found[at];
    while (there && Number(there.id) < id) {
      remove.push(Number(there.id));
      there = found[++at];
    }
    if (there?.id !== id) {
      write.push(row);
      continue;
    }
    at++;
    if (names.some((name) => row[name] !== there[name])) write.push(row);
  }
  for (const row of found.slice(at)) remove.push(Number(row.id));
  return { write, remove };
}
