import type { Column, Table } from "./tables/table.ts";

const column = { required: true, unique: false, zoned: false } as const;
const id = { ...column, type: "integer", minimum: "1", maximum: "2147483647" } as const;
const text = { ...column, type: "string", minLength: 1, maxLength: 255 } as const;

function table(name: string, columns: readonly Column[], foreignKeys: Table["foreignKeys"] = []): Table {
  return { name, version: 1, columns, primaryKey: ["id"], foreignKeys, missingValues: [""], dialect: {} };
}

export const departments = table("departments", [
  { name: "id", ...id },
  { name: "department", ...text },
]);

export const jobs = table("jobs", [
  { name: "id", ...id },
  { name: "job", ...text },
]);

export const hiredEmployees = table(
  "hired_employees",
  [
    { name: "id", ...id },
    { name: "name", ...text },
    { name: "datetime", ...column, type: "datetime", zoned: true, precision: 3 },
    { name: "department_id", ...id },
    { name: "job_id", ...id },
  ],
  [
    { columns: ["department_id"], table: "departments", references: ["id"] },
    { columns: ["job_id"], table: "jobs", references: ["id"] },
  ],
);

/** The tables of the demo, each after those that it refers to, as a migration makes them. */
export const demoTables: readonly Table[] = [departments, jobs, hiredEmployees];
