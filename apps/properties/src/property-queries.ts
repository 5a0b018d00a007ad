import type { MysqlConnection } from "@quintet/db";
import { type Database, select, write } from "./database.ts";
import type { DatedPlace, Property, PropertyFields, StatusChange } from "./property.ts";
import { withLines } from "./statements.ts";
import { type Status, statusIds } from "./statuses.ts";
import type { Listed } from "./terms.ts";

/** The property with this id, whatever its status. */
export async function findProperty(db: Database, id: number): Promise<Property | undefined> {
  const [found] = await select<Property>(db.pool, db.statements.one, { id });
  return found;
}

/** Stores a property and answers its id; it has no status yet. */
export async function insertProperty(db: Database, on: MysqlConnection, fields: PropertyFields): Promise<number> {
  const { insertId } = await write(on, db.statements["insert-property"], { ...fields });
  return insertId;
}

/**
 * Waits for other writers of this property and keeps them out until the transaction ends.
 * Answers how it stands now, its own changes in this transaction included; `undefined` when there is no such property.
 */
export async function lockProperty(db: Database, on: MysqlConnection, id: number): Promise<Listed | undefined> {
  const [found] = await select<Listed>(on, db.statements["lock-listing"], { id });
  return found;
}

/** One more row of a history, dated `updateDate`, or now, which is never before `latestDate`. Answers the row's id. */
export async function insertStatus(
  db: Database,
  on: MysqlConnection,
  row: { id: number; status: Status; updateDate: Date | null; latestDate: Date | null },
): Promise<number> {
  const { insertId } = await write(on, db.statements["insert-status"], { ...row, status: statusIds[row.status] });
  return insertId;
}

/** The listing of a new property, from its first status. */
export async function insertListing(db: Database, on: MysqlConnection, id: number, historyId: number): Promise<void> {
  await write(on, db.statements["insert-listing"], { id, historyId });
}

/** Makes a row of the history the listing's status, unless the listing has a later one. */
export async function advanceListing(db: Database, on: MysqlConnection, id: number, historyId: number): Promise<void> {
  await write(on, db.statements["advance-listing"], { id, historyId });
}

/** Changes the given fields of a property, and the copies of them that searches use. */
export async function updateProperty(
  db: Database,
  on: MysqlConnection,
  id: number,
  changes: { [F in keyof PropertyFields]: PropertyFields[F] | null },
): Promise<void> {
  await write(on, db.statements["update-property"], { id, ...changes });
  await write(on, db.statements["update-listing"], { id, ...changes });
}

/** Rows of a property's history, latest first, after the given one. */
export function findHistory(
  db: Database,
  id: number,
  page: { rows: number; after?: DatedPlace | undefined },
): Promise<StatusChange[]> {
  const { rows, after } = page;
  const text = withLines(db.statements.history, new Set(after ? ["after"] : []));
  return select<StatusChange>(db.pool, text, {
    id,
    rows,
    ...(after ? { afterDate: after.date, afterId: after.id } : {}),
  });
}

/** A row of a history that the transaction has just written. */
export async function findStatusChange(db: Database, on: MysqlConnection, historyId: number): Promise<StatusChange> {
  const [found] = await select<StatusChange>(on, db.statements["status-change"], { historyId });
  if (!found) throw new Error(`The history has no row ${historyId}.`);
  return found;
}
