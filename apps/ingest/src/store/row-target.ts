import { type Table, type TableName, tableNames } from "../tables.ts";

/** The target of written rows: a table and its columns, and for staged rows their load. */
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

/** The staged rows of a load. */
export function stagedTarget(table: Table, load: number): RowTarget {
  return { ...tableTarget(table), name: stagedNames[table.name], load };
}

/** A column list in SQL; the names come from fixed lists. */
export function columnList(columns: readonly string[]): string {
  return columns.map((column) => `\`${column}\``).join(", ");
}
