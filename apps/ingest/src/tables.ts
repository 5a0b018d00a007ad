export const tableNames = ["departments", "jobs", "hired_employees"] as const;
export type TableName = (typeof tableNames)[number];

/** The type of a column: the row's own id, the id of a row of `references`, a text, or a date and time. */
export type Column =
  | { name: string; kind: "id" | "text" | "datetime" }
  | { name: string; kind: "reference"; references: TableName };

/** A table that files can be loaded into. Every column is required; the first is the primary key `id`. */
export interface Table {
  name: TableName;
  columns: readonly Column[];
}

const tables: Record<TableName, Table> = {
  departments: {
    name: "departments",
    columns: [
      { name: "id", kind: "id" },
      { name: "department", kind: "text" },
    ],
  },
  jobs: {
    name: "jobs",
    columns: [
      { name: "id", kind: "id" },
      { name: "job", kind: "text" },
    ],
  },
  hired_employees: {
    name: "hired_employees",
    columns: [
      { name: "id", kind: "id" },
      { name: "name", kind: "text" },
      { name: "datetime", kind: "datetime" },
      { name: "department_id", kind: "reference", references: "departments" },
      { name: "job_id", kind: "reference", references: "jobs" },
    ],
  },
};

/** The definition of a table. */
export function tableOf(name: TableName): Table {
  return tables[name];
}

/** The table with a name from a request; `undefined` when there is none. */
export function findTable(name: string): Table | undefined {
  return tableNames.find((known) => known === name) && tables[name as TableName];
}

/** A foreign key: `column` of the table `from` has ids of the table `to`. */
export interface Reference {
  from: TableName;
  column: string;
  to: TableName;
}

const references: Reference[] = tableNames.flatMap((from) =>
  tables[from].columns.flatMap((column) =>
    column.kind === "reference" ? [{ from, column: column.name, to: column.references }] : [],
  ),
);

/** The foreign keys of a table. */
export function referencesFrom(table: TableName): Reference[] {
  return references.filter((reference) => reference.from === table);
}

/** The foreign keys of other tables that refer to a table. */
export function referencesTo(table: TableName): Reference[] {
  return references.filter((reference) => reference.to === table);
}
