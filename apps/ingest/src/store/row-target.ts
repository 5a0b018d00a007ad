import { identifier } from "../tables/quote.ts";
import { loadColumn, loadOfColumn, stagedName, type Table } from "../tables/table.ts";

/** The target of written rows: a table and its columns, and the column that has the load. */
export interface RowTarget {
  name: string;
  columns: readonly string[];
  /** What is written into every row. */
  set?: { column: string; value: number };
  /** For staged rows, their load. */
  load?: number;
}

/** The table itself. `load`: the load that writes the rows. */
export function tableTarget(table: Table, load?: number): RowTarget {
  const target = { name: table.name, columns: table.columns.map((column) => column.name) };
  return load === undefined ? target : { ...target, set: { column: loadColumn, value: load } };
}

/** The staged rows of a load. */
export function stagedTarget(table: Table, load: number): RowTarget {
  return { ...tableTarget(table), name: stagedName(table.name), set: { column: loadOfColumn, value: load }, load };
}

/** The equality of the primary keys of two tables with these aliases, in SQL. */
export function sameKey({ primaryKey }: Table, a: string, b: string): string {
  return primaryKey.map((name) => `${a}.${identifier(name)} = ${b}.${identifier(name)}`).join(" AND ");
}
