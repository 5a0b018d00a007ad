import { type Table, type TableName, tableNames } from "../tables.ts";

/** Where rows are written: a table and its columns, and for staged rows the load they belong to. */
export interface RowTarget {
  name: string;
  columns: readonly string[];
  load?: number;
}

const stagedNames: Record<TableName, string> = {
  departments: "staged_departments",
  jobs: "staged_jobs",
  hired_employees: "staged_hired_employees",
};

/** The names of the tables that hold staged rows. */
export const stagedTables: readonly string[] = tableNames.map((name) => stagedNames[name]);

/** The table itself. */
export function tableTarget(table: Table): RowTarget {
  return { name: table.name, columns: table.columns.map((column) => column.name) };
}

/** The rows of a table that one load holds back. */
export function stagedTarget(table: Table, load: number): RowTarget {
  return { ...tableTarget(table), name: stagedNames[table.name], load };
}

/** A column list in the form of SQL; the names come from fixed lists. */
export function columnList(columns: readonly string[]): string {
  return columns.map((column) => `\`${column}\``).join(", ");
}
