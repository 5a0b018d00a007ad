import { stagedName, type Table } from "../tables/table.ts";

/** The target of written rows: a table and its columns, and for staged rows their load. */
export interface RowTarget {
  name: string;
  columns: readonly string[];
  load?: number;
}

/** The table itself. */
export function tableTarget(table: Table): RowTarget {
  return { name: table.name, columns: table.columns.map((column) => column.name) };
}

/** The staged rows of a load. */
export function stagedTarget(table: Table, load: number): RowTarget {
  return { ...tableTarget(table), name: stagedName(table.name), load };
}
