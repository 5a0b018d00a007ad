import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { type Database, select, write } from "../database.ts";
import { withLines } from "../sql/statements.ts";
import type { IndexedListing } from "../term-index/terms.ts";
import type { DatePosition, Property, PropertyFields, StatusChange } from "./property.ts";
import { type Status, statusIds } from "./statuses.ts";

/** The property with this id, with any status. */
export async function findProperty(
  db: Database,
  id: number,
  on: MysqlPool | MysqlConnection = db.pool,
): Promise<Property | undefined> {
  const [found] = await select<Property>(on, db.statements.one, { id });
  return found;
}

/** Inserts a property without a status, and returns its id. */
export async function insertProperty(db: Database, on: MysqlConnection, fields: PropertyFields): Promise<number> {
  const { insertId } = await write(on, db.statements["insert-property"], { ...fields });
  return insertId;
}

/**
 * Locks a property against other writers until the transaction ends, and returns its current state, including the changes of this
 * transaction; undefined when it does not exist.
 */
export async function lockProperty(db: Database, on: MysqlConnection, id: number): Promise<IndexedListing | undefined> {
  const [found] = await select<IndexedListing>(on, db.statements["lock-listing"], { id });
  return found;
}

/** Appends to a history, dated `updateDate`, or now, which is never before `latestDate`. Returns the id of the entry. */
export async function insertStatus(
  db: Database,
  on: MysqlConnection,
  row: { id: number; status: Status; updateDate: Date | null; latestDate: Date | null },
): Promise<number> {
  const { insertId } = await write(on, db.statements["insert-status"], { ...row, status: statusIds[row.status] });
  return insertId;
}

/** Creates the listing of a new property from its first status. */
export async function insertListing(db: Database, on: MysqlConnection, id: number, historyId: number): Promise<void> {
  await write(on, db.statements["insert-listing"], { id, historyId });
}

/** Makes an entry of the history the current status, unless the listing has a later one. */
export async function advanceListing(db: Database, on: MysqlConnection, id: number, historyId: number): Promise<void> {
  await write(on, db.statements["advance-listing"], { id, historyId });
}

/** Changes the given fields of a property, and their copies for searches. */
export async function updateProperty(
  db: Database,
  on: MysqlConnection,
  id: number,
  changes: { [F in keyof PropertyFields]: PropertyFields[F] | null },
): Promise<void> {
  await write(on, db.statements["update-property"], { id, ...changes });
  await write(on, db.statements["update-listing"], { id, ...changes });
}

/** Entries of a property's history, latest first, after a position. */
export function findHistory(
  db: Database,
  id: number,
  page: { rows: number; after?: DatePosition | undefined },
): Promise<StatusChange[]> {
  const { rows, after } = page;
  const text = withLines(db.statements.history, new Set(after ? ["after"] : []));
  return select<StatusChange>(db.pool, text, {
    id,
    rows,
    ...(after ? { afterDate: after.date, afterId: after.id } : {}),
  });
}

/** An entry of a history, which must exist. */
export async function findStatusChange(db: Database, on: MysqlConnection, historyId: number): Promise<StatusChange> {
  const [found] = await select<StatusChange>(on, db.statements["status-change"], { historyId });
  if (!found) throw new Error(`The history has no row ${historyId}.`);
  return found;
}
