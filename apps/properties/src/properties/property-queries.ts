import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { Problem } from "@quintet/http";
import { type Database, select, write } from "../database.ts";
import { withOptional, withoutNulls } from "../source/optional-columns.ts";
import { optionalColumns } from "../source/source.ts";
import { withLines } from "../sql/statements.ts";
import type { HistoryPosition, NewFields, Property, PropertyChanges, StatusChange } from "./property.ts";
import { writeTheirs } from "./write-faults.ts";

/** The property with this id, with any status or none, withdrawn or not. */
export async function findProperty(
  db: Database,
  id: number,
  on: MysqlPool | MysqlConnection = db.pool,
): Promise<Property | undefined> {
  const text = await withOptional(db, db.statements.one);
  const [found] = await select(on, text, { id });
  if (!found) return undefined;
  const { withdrawnAt, ...property } = found;
  return { ...withoutNulls(property), ...(withdrawnAt === null ? {} : { withdrawnAt }) };
}

/** Inserts a property without a status, and returns its id. */
export async function insertProperty(db: Database, on: MysqlConnection, fields: NewFields): Promise<number> {
  const { text, values } = await withColumns(db, db.statements["insert-property"], fields);
  const { insertId } = await writeTheirs(() => write(on, text, { ...noFields, ...values }));
  return insertId;
}

/** Locks a property against other writers until the transaction ends; false when it does not exist. */
export async function lockProperty(db: Database, on: MysqlConnection, id: number): Promise<boolean> {
  return (await select(on, db.statements["lock-property"], { id })).length > 0;
}

/** The date of the latest entry of a property's history, if it has one. */
export async function findLatestDate(db: Database, on: MysqlConnection, id: number): Promise<Date | null> {
  const [found] = await select(on, db.statements["latest-date"], { id });
  return found?.latestDate ?? null;
}

/** Appends to a history, dated `updateDate`, or now, which is never before `latestDate`. Returns the id of the entry. */
export async function insertStatus(
  db: Database,
  on: MysqlConnection,
  row: { id: number; statusId: number; updateDate: Date | null; latestDate: Date | null },
): Promise<number> {
  const { insertId } = await writeTheirs(() => write(on, db.statements["insert-status"], row));
  return insertId;
}

/** Changes the given fields of a property. */
export async function updateProperty(
  db: Database,
  on: MysqlConnection,
  id: number,
  changes: PropertyChanges,
): Promise<void> {
  const { text, values } = await withColumns(db, db.statements["update-property"], changes);
  await writeTheirs(() => write(on, text, { id, ...noFields, ...values }));
}

const noFields = { address: null, city: null, price: null, description: null, year: null };

/** A statement with the optional columns that are given, and the given values. Throws `unprocessable` when `property` lacks one. */
async function withColumns<Text extends string>(db: Database, statement: Text, fields: PropertyChanges) {
  const { columns } = await db.source();
  const chosen = optionalColumns.filter((column) => fields[column] !== undefined);
  const missing = chosen.filter((column) => !columns.has(column));
  if (missing.length > 0) {
    const errors = missing.map((path) => ({ path, message: "is no column of the table `property`" }));
    throw new Problem("unprocessable", `The table \`property\` has no column ${missing.join(", ")}.`, { errors });
  }
  const given = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return { text: withLines(statement, new Set(chosen)), values: Object.fromEntries(given) };
}

/** Entries of a property's history, latest first, after a position. */
export function findHistory(
  db: Database,
  id: number,
  page: { rows: number; after?: HistoryPosition | undefined },
): Promise<StatusChange[]> {
  const { rows, after } = page;
  const place = after && (after.date ? { afterDate: after.date, afterId: after.id } : { afterId: after.id });
  const lines = after ? [after.date ? "after" : "undated"] : [];
  return select(db.pool, withLines(db.statements.history, new Set(lines)), { id, rows, ...place });
}

/** An entry of a history, which must exist. */
export async function findStatusChange(db: Database, on: MysqlConnection, historyId: number): Promise<StatusChange> {
  const [found] = await select(on, db.statements["status-change"], { historyId });
  if (!found) throw new Error(`The history has no row ${historyId}.`);
  return found;
}
