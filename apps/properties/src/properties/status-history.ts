import { inMysqlTransaction, type MysqlConnection, mysqlProcessedRequests, runOnce } from "@quintet/db";
import type { KeyedRequest } from "@quintet/http";
import type { Database } from "../database.ts";
import { addChange, followWrite } from "../listings/changes.ts";
import { lockVersion, processedRequestsTable, propertyNotFound } from "./properties.ts";
import type { HistoryPosition, StatusChange } from "./property.ts";
import { findHistory, findLatestDate, findProperty, findStatusChange, insertStatus } from "./property-queries.ts";
import type { Status } from "./statuses.ts";

/**
 * Appends a status to a property's history, dated `updateDate` or now. An entry with an earlier date than the latest one only adds to the
 * history. Writers of one property wait for each other. Idempotent for a keyed request. With `ifMatch`, an If-Match header, only that
 * version gets the status. Throws `not-found` or `precondition-failed`.
 */
export async function appendStatus(
  db: Database,
  id: number,
  input: { status: Status; updateDate?: Date | undefined },
  request?: KeyedRequest,
  ifMatch?: string,
): Promise<StatusChange> {
  const { status, updateDate = null } = input;
  const statusId = (await db.statuses()).idFor(status);
  const append = async (on: MysqlConnection) => {
    await lockVersion(db, on, id, ifMatch);
    const latestDate = await findLatestDate(db, on, id);
    const historyId = await insertStatus(db, on, { id, statusId, updateDate, latestDate });
    await addChange(db, on, id);
    return historyId;
  };
  const change = await inMysqlTransaction(db.pool, async (on) =>
    findStatusChange(
      db,
      on,
      await runOnce(mysqlProcessedRequests(on, processedRequestsTable), request, () => append(on)),
    ),
  );
  await followWrite(db, id);
  return change;
}

/** A page of a property's history, latest first; `more` when there are further entries. Throws `not-found`. */
export async function readHistory(
  db: Database,
  id: number,
  page: { limit: number; after?: HistoryPosition | undefined },
): Promise<{ history: StatusChange[]; more: boolean }> {
  const { limit, after } = page;
  const rows = await findHistory(db, id, { rows: limit + 1, after });
  if (rows.length === 0 && !(await findProperty(db, id))) throw propertyNotFound();
  return { history: rows.slice(0, limit), more: rows.length > limit };
}
