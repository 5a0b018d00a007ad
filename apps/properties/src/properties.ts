import { inMysqlTransaction, type MysqlConnection, mysqlProcessedRequests, runOnce } from "@quintet/db";
import { type KeyedRequest, Problem } from "@quintet/http";
import type { Database } from "./database.ts";
import type { Property, PropertyChanges, PropertyFields } from "./property.ts";
import {
  findProperty,
  insertListing,
  insertProperty,
  insertStatus,
  lockProperty,
  updateProperty,
} from "./property-queries.ts";
import { isVisible, type Status } from "./statuses.ts";
import { reindex } from "./term-index.ts";

/** What is answered for an id that no property has, and for one that the account may not see. */
export function noSuchProperty(): Problem {
  return new Problem("not-found", "There is no such property.");
}

/** A property; one that is not visible is there for staff only. */
export async function readProperty(db: Database, id: number, seesAll: boolean): Promise<Property> {
  const property = await findProperty(db, id);
  if (!property || !(seesAll || isVisible(property.status))) throw noSuchProperty();
  return property;
}

/** Where the listings record what they have done for which request. */
export const doneTable = "properties_done_requests";

/** Stores a property with its first status, dated now: both or neither, and once for a keyed request. */
export async function createProperty(
  db: Database,
  fields: PropertyFields,
  status: Status,
  request?: KeyedRequest,
): Promise<Property> {
  const store = async (on: MysqlConnection) => {
    const id = await insertProperty(db, on, fields);
    const historyId = await insertStatus(db, on, { id, status, updateDate: null, latestDate: null });
    await insertListing(db, on, id, historyId);
    await reindex(db, on, id);
    return id;
  };
  const id = await inMysqlTransaction(db.pool, (on) =>
    runOnce(mysqlProcessedRequests(on, doneTable), request, () => store(on)),
  );
  return { id, ...fields, status };
}

/** Changes the given fields of a property and answers the whole of it. */
export async function changeProperty(db: Database, id: number, changes: PropertyChanges): Promise<Property> {
  const { address = null, city = null, price = null, description = null, year = null } = changes;
  await inMysqlTransaction(db.pool, async (on) => {
    const before = await lockProperty(db, on, id);
    if (!before) throw noSuchProperty();
    await updateProperty(db, on, id, { address, city, price, description, year });
    await reindex(db, on, id, before);
  });
  return readProperty(db, id, true);
}
