import { inMysqlTransaction, type MysqlConnection, mysqlProcessedRequests, runOnce } from "@quintet/db";
import type { KeyedRequest } from "@quintet/http";
import type { Database } from "../database.ts";
import { reindex } from "../term-index/term-index.ts";
import { lockVersion, processedRequestsTable, propertyNotFound } from "./properties.ts";
import type { DatePosition, StatusChange } from "./property.ts";
import { advanceListing, findHistory, findProperty, findStatusChange, insertStatus } from "./property-queries.ts";
import type { Status } from "./statuses.ts";

/**
 * Appends a status to a property's history, dated `updateDate` or now, and keeps the listing at the latest entry. Writers of one property
 * wait for each other, and the listing only moves to a later entry, so that an entry with an earlier date only adds to the history.
 * Idempotent for a keyed request. With `ifMatch`, an If-Match header, only that version gets the status. Throws `not-found` or
 * `precondition-failed`.
 */
export function appendStatus(
  db: Database,
  id: number,
  input: { status: Status; updateDate?: Date | undefined },
  request?: KeyedRequest,
  ifMatch?: string,
): Promise<StatusChange> {
  const append = async (on: MysqlConnection) => {
    const before = await lockVersion(db, on, id, ifMatch);
    const { status, updateDate = null } = input;
    const historyId = await insertStatus(db, on, { id, status, updateDate, latestDate: before.latestDate });
    await advanceListing(db, on, id, historyId);
    await reindex(db, on, id, before);
    return historyId;
  };
  return inMysqlTransaction(db.pool, async (on) =>
    findStatusChange(
      db,
      on,
      await runOnce(mysqlProcessedRequests(on, processedRequestsTable), request, () => append(on)),
    ),
  );
}

/** A page of a property's history, latest first; `more` when there are further entries. Throws `not-found`. */
export async function readHistory(
  db: Database,
  id: number,
  page: { limit: number; after?: DatePosition | undefined },
): Promise<{ history: StatusChange[]; more: boolean }> {
  const { limit, after } = page;
  const rows = await findHistory(db, id, { rows: limit + 1, after });
  if (rows.length === 0 && !(await findProperty(db, id))) throw propertyNotFound();
  return { history: rows.slice(0, limit), more: rows.length > limit };
}
