import type { MysqlConnection } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { deleteWritten, laterWriters, restoreKept, type Writers, writersOfKept } from "../store/before-rows.ts";
import { duplicateEntry, inBulkTransaction, mysqlErrorNumber } from "../store/bulk-store.ts";
import { brokenReferences } from "../store/references.ts";
import { rejectBroken } from "../store/whole-table.ts";
import { findTable, lockDefinition } from "../tables/definitions.ts";
import type { Table } from "../tables/table.ts";
import type { Load } from "./load.ts";
import type { LoadContext } from "./load-context.ts";
import { loadProblem } from "./load-problem.ts";
import { findLoadById, markUndone, type StoredLoad } from "./load-queries.ts";

/**
 * Takes a load back in one transaction: deletes the rows that it wrote, and puts those that it changed or deleted back as they were.
 * Returns the load; undoing it again has no effect. Throws a 409 when something else has touched these rows since, when references would
 * break, or when the load has not ended or was not kept.
 */
export async function undoLoad(context: LoadContext, id: number): Promise<Load> {
  const find = (db: Pick<MysqlConnection, "query">) => findLoadById(db, id, context.heartbeatTimeoutMs);
  const kept = await find(context.db);
  if (!kept) throw new Problem("not-found", "Load not found.");
  if (kept.load.undoneAt !== null) return kept.load;
  try {
    const table = await findTable(context.db, kept.load.table);
    if (!table) throw new Problem("conflict", `The table ${kept.load.table} was deleted.`);
    await inBulkTransaction(context.bulk, async (connection) => {
      await lockDefinition(connection, table);
      await connection.query<RowDataPacket[]>("SELECT id FROM ingest_loads WHERE id = ? FOR UPDATE", [id]);
      const now = await find(connection);
      if (!now || now.load.undoneAt !== null) return;
      await undo(connection, table, id, writtenBy(now));
      await markUndone(connection, id);
    });
  } catch (error) {
    throw loadProblem(error, kept.load);
  }
  return (await find(context.db))?.load ?? kept.load;
}

/** How many rows a load that can be undone has written. Throws a 409 for any other load. */
function writtenBy({ load, progress }: StoredLoad): number {
  const refuse = (why: string) => new Problem("conflict", `The load cannot be undone: ${why}.`);
  if (load.status === "running" || load.status === "cut off") {
    throw refuse(`it is ${load.status}. Cancel it first`);
  }
  if (load.dryRun) throw refuse("it was a dry run, which stores nothing");
  if (load.status === "failed") throw refuse("it has failed, and nothing of it is stored");
  if (progress.written === null) throw refuse("an earlier version has stored it without what is needed for that");
  if (progress.undoExpired) {
    throw refuse("the rows as they were before it have expired, or do not fit the table, which was changed since");
  }
  return progress.written;
}

async function undo(connection: MysqlConnection, table: Table, id: number, written: number): Promise<void> {
  const later = await laterWriters(connection, table, id);
  const deleted = await deleteWritten(connection, table, id);
  const found = [...later.values()].reduce((sum, count) => sum + count, deleted);
  const elsewhere: Writers = new Map(found < written ? [[null, written - found]] : []);
  refuseTouched(later, elsewhere, await writersOfKept(connection, table, id));
  try {
    await restoreKept(connection, table, id);
  } catch (error) {
    if (mysqlErrorNumber(error) !== duplicateEntry) throw error;
    const why = "a row has a value now that must be unique, and that a row had before the load";
    throw new Problem("conflict", `Nothing was undone: ${why}.`, { cause: error });
  }
  rejectBroken(await brokenReferences(connection, table, { name: table.name }));
}

/** Throws a 409 that names everything that has touched the rows of a load since. The same row may be among several of these. */
function refuseTouched(...touched: Writers[]): void {
  const most: Writers = new Map();
  for (const [writer, count] of touched.flatMap((writers) => [...writers])) {
    most.set(writer, Math.max(most.get(writer) ?? 0, count));
  }
  if (most.size === 0) return;
  const errors = [...most].map(([writer, count]) => {
    const rows = `${count} ${count === 1 ? "row" : "rows"}`;
    return writer === null
      ? { path: "rows", message: `${rows} changed, stored or deleted by a restore, a request or another writer` }
      : { path: `loads/${writer}`, message: `${rows} changed, stored or deleted by load ${writer}` };
  });
  const listed = errors.map(({ message }) => message).join("; ");
  throw new Problem("conflict", `Nothing was undone, because rows of the load were touched since: ${listed}.`, {
    errors,
  });
}
