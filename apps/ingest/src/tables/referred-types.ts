import type { MysqlConnection } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { findTable, lockDefinition } from "./definitions.ts";
import { type Column, columnNamed, type ForeignKey, type Table } from "./table.ts";

/**
 * The type in the database of each column that refers to another table, and holds the definitions of those tables until the transaction
 * ends. Throws a 422 that names the reference when it does not fit: there is no such table, its columns are not its key, or of another type.
 */
export async function referredTypes(
  transaction: MysqlConnection,
  table: Omit<Table, "version">,
): Promise<ReadonlyMap<string, string>> {
  const types = new Map<string, string>();
  for (const [at, key] of table.foreignKeys.entries()) {
    const path = `foreignKeys.${at}`;
    if (key.table === table.name) {
      refuseUnfit(path, { table, key, other: table });
      continue;
    }
    const other = await findTable(transaction, key.table);
    if (!other) throw refusal(`${path}.reference.resource`, "there is no such table");
    refuseUnfit(path, { table, key, other });
    await lockDefinition(transaction, other);
    const inDatabase = await databaseTypes(transaction, other.name);
    for (const [index, column] of key.columns.entries()) {
      types.set(column, inDatabase.get(key.references[index] as string) as string);
    }
  }
  return types;
}

interface Reference {
  table: Omit<Table, "version">;
  key: ForeignKey;
  other: Omit<Table, "version">;
}

/** Why a foreign key does not fit the tables that it connects: the property of the key, and the reason; undefined when it does. */
export function referenceFault({ table, key, other }: Reference): { at: string; message: string } | undefined {
  const names = key.references;
  const unknown = names.find((name) => !other.columns.some((column) => column.name === name));
  if (unknown !== undefined) return { at: "reference.fields", message: `${other.name} has no column ${unknown}` };
  const isPrimary =
    names.length === other.primaryKey.length && names.every((name, at) => name === other.primaryKey[at]);
  if (!isPrimary && !(names.length === 1 && columnNamed(other as Table, names[0] as string).unique)) {
    const keys = `the primary key of ${other.name}, ${other.primaryKey.join(", ")}, in its order`;
    return { at: "reference.fields", message: `must be ${keys}, or a column of unique values` };
  }
  for (const [index, name] of key.columns.entries()) {
    const [from, to] = [columnNamed(table as Table, name), columnNamed(other as Table, names[index] as string)];
    if (sameValues(from, to)) continue;
    const need = [to.type, to.precision !== undefined && `precision ${to.precision}`, to.scale && `scale ${to.scale}`];
    return {
      at: "fields",
      message: `${name} must be of the same type as ${to.name}: ${need.filter(Boolean).join(", ")}`,
    };
  }
  return undefined;
}

function refuseUnfit(path: string, reference: Reference): void {
  const fault = referenceFault(reference);
  if (fault) throw refusal(`${path}.${fault.at}`, fault.message);
}

/** Whether equal values of two columns are written the same. */
const sameValues = (a: Column, b: Column) =>
  a.type === b.type && a.precision === b.precision && a.scale === b.scale && a.zoned === b.zoned;

async function databaseTypes(connection: MysqlConnection, name: string): Promise<ReadonlyMap<string, string>> {
  const [rows] = await connection.query<
    (RowDataPacket & Record<"name" | "type", string> & { charset: string | null; collation: string | null })[]
  >(
    `SELECT column_name AS name, column_type AS type, character_set_name AS charset, collation_name AS collation
      FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?`,
    [name],
  );
  return new Map(
    rows.map(({ name: column, type, charset, collation }) => [
      column,
      charset === null ? type : `${type} CHARACTER SET ${charset} COLLATE ${collation}`,
    ]),
  );
}

function refusal(path: string, message: string): Problem {
  return new Problem("unprocessable", `${path}: ${message}.`, { errors: [{ path, message }] });
}
