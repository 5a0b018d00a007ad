export const tableNames = ["departments", "jobs", "hired_employees"] as const;
export type TableName = (typeof tableNames)[number];

/** What a column holds: the row's own id, the id of a row of `references`, a text, or a moment in time. */
export type Column =
  | { name: string; kind: "id" | "text" | "datetime" }
  | { name: string; kind: "reference"; references: TableName };

/** One of the tables that can be loaded. Every column is required; the first is the primary key `id`. */
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

/** The table of a name that is known to be one. */
export function tableOf(name: TableName): Table {
  return tables[name];
}

/** The table that a client named, if there is one. */
export function findTable(name: string): Table | undefined {
  return tableNames.find((known) => known === name) && tables[name as TableName];
}

/** A foreign key: `column` of the table `from` holds ids of the table `to`. */
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

/** The foreign keys that a table's own rows hold. */
export function referencesFrom(table: TableName): Reference[] {
  return references.filter((reference) => reference.from === table);
}

/** The foreign keys of other tables that point to a table's rows. */
export function referencesTo(table: TableName): Reference[] {
  return references.filter((reference) => reference.to === table);
}
