import { inMysqlTransaction, type MysqlConnection, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import type { Database } from "../database.ts";
import { addChange, followWrite } from "../listings/changes.ts";
import { withoutNulls } from "../source/optional-columns.ts";
import type { NewFields, Property, PropertyChanges } from "./property.ts";
import { findProperty, insertProperty, insertStatus, lockProperty, updateProperty } from "./property-queries.ts";
import { isVisible, type Status } from "./statuses.ts";
import { requireVersion } from "./versions.ts";

/** The error for an id that does not exist, and for a property that the account must not see. */
export function propertyNotFound(): Problem {
  return new Problem("not-found", "Property not found.");
}

/** Gets a property; with `seesAll` one of any status. Throws `not-found`. */
export async function readProperty(db: Database, id: number, seesAll: boolean): Promise<Property> {
  const property = await findProperty(db, id);
  if (!property) throw propertyNotFound();
  const isShown = property.withdrawnAt === undefined && isVisible(property.status);
  if (!(seesAll || isShown)) throw propertyNotFound();
  return property;
}

/** The table that records processed requests by their idempotency keys. */
export const processedRequestsTable = "properties_done_requests";

/** Creates a property with its first status, dated now, in one transaction; once for a keyed request. */
export async function createProperty(
  db: Database,
  fields: NewFields,
  status: Status,
  request?: KeyedRequest,
): Promise<Property> {
  const statusId = (await db.statuses()).idFor(status);
  const store = async (on: MysqlConnection) => {
    const id = await insertProperty(db, on, fields);
    await insertStatus(db, on, { id, statusId, updateDate: null, latestDate: null });
    await addChange(db, on, id);
    return id;
  };
  const id = await inMysqlTransaction(db.pool, (on) =>
    runOnce(mysqlProcessedRequests(on, processedRequestsTable), request, () => store(on)),
  );
  await followWrite(db, id);
  return withoutNulls({ id, ...fields, status }) as Property;
}

/**
 * Locks a property and checks that `ifMatch`, an If-Match header, names its current version, if it is given. The lock holds until the
 * transaction ends, for programs that write the row directly too, so that no change can come between. Throws `not-found` or
 * `precondition-failed`.
 */
export async function lockVersion(
  db: Database,
  on: MysqlConnection,
  id: number,
  ifMatch: string | undefined,
): Promise<void> {
  if (!(await lockProperty(db, on, id))) throw propertyNotFound();
  // The first read of the transaction that locks nothing: it sees all that was committed before the lock.
  if (ifMatch !== undefined) requireVersion(ifMatch, await presentProperty(db, on, id));
}

/**
 * Changes the given fields of a property if `ifMatch`, an If-Match header, names its current version, and returns it. Throws `not-found`,
 * `precondition-required` or `precondition-failed`.
 */
export async function changeProperty(
  db: Database,
  id: number,
  changes: PropertyChanges,
  ifMatch: string | undefined,
): Promise<Property> {
  const changed = await inMysqlTransaction(db.pool, async (on) => {
    await lockVersion(db, on, id, ifMatch);
    if (ifMatch === undefined) {
      throw new Problem("precondition-required", "If-Match is required: the ETag that the change is based on, or *.");
    }
    await updateProperty(db, on, id, changes);
    await addChange(db, on, id);
    return presentProperty(db, on, id);
  });
  await followWrite(db, id);
  return changed;
}

/** A property that the transaction has locked, with its changes. Throws `not-found`. */
export async function presentProperty(db: Database, on: MysqlConnection, id: number): Promise<Property> {
  const property = await findProperty(db, id, on);
  if (!property) throw propertyNotFound();
  return property;
}
