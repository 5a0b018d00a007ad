import { inMysqlTransaction, type MysqlConnection, type MysqlPool, tryWithLock } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { mysqlErrorNumber } from "../store/bulk-store.ts";
import { alterBeside, alterTable, type TableChange } from "./alter-table.ts";
import { type Break, breakProblem, findBreaks, onlyWidens } from "./breaks.ts";
import { createStatements, ownComment } from "./ddl.ts";
import { findTable, isTableName, listTables, referencesTo } from "./definitions.ts";
import { identifier } from "./quote.ts";
import { referenceFault, referredTypes } from "./referred-types.ts";
import { beforeName, stagedName, type Table } from "./table.ts";

/** MySQL's error numbers for a missing right. */
const denied = new Set([1044, 1142, 1227, 1370]);
/** MySQL's error numbers for a table that a foreign key refers to. */
const isReferenced = new Set([1217, 1451, 3730]);
/** MySQL's error numbers for a lock that another transaction holds, with NOWAIT. */
const isLocked = new Set([1205, 3572]);
/** MySQL's error numbers for a column or an index that a foreign key needs as it is. */
const inReference = new Set([150, 1005, 1215, 1553, 1828, 1829, 1832, 1833, 1834, 3780]);
/** MySQL's error numbers for limits of a table, and what they mean. */
const limits = new Map([
  [1060, "Two columns have names that the database takes as the same: it ignores case and accents."],
  [1071, "The columns of the primary key or of a unique column are too long together: a key has up to 3,072 bytes."],
  [1117, "There are too many columns."],
  [1118, "The columns are too long together for one row: use a maxLength above 2,000, or fewer columns."],
  [1170, "A text in a key needs a maxLength of up to 255."],
]);

/** The pools by which tables are changed. */
export interface Stores {
  db: MysqlPool;
  /** For statements that take their time. */
  bulk: MysqlPool;
  /** A load that has not been heard of for `heartbeatTimeoutMs` does not run any more. */
  loads: { heartbeatTimeoutMs: number };
}

type NewTable = Omit<Table, "version">;

/**
 * Makes a table, or changes the one of that name; whether it was made. DDL commits by itself, so the definition is `making` until all is
 * there: what a killed process has left of it is not visible, and is removed by the next one, see `finishChanges`.
 *
 * Throws a 409 when rows do not fit the definition or the database has a table of somebody else, and a 422 when a reference does not fit,
 * or, with `onlyNew`, when there is another table of that name.
 */
export async function putTable(
  stores: Stores,
  table: NewTable,
  by: string,
  { onlyNew }: { onlyNew: boolean },
): Promise<boolean> {
  const { db } = stores;
  const { name, ...definition } = table;
  let made = false;
  await alone(stores, name, async (connection) => {
    await finishChange(connection, name);
    const found = await findTable(connection, name);
    if (found) {
      const { version: _, ...kept } = found;
      if (onlyNew && !isSame(kept, table)) throw nameTaken();
      const breaks = await change(stores, connection, { from: found, to: table });
      if (breaks.length > 0) throw breakProblem(breaks);
      return;
    }
    await refuseOthers(connection, name);
    const referred = await inMysqlTransaction(db, async (transaction) => {
      const types = await referredTypes(transaction, table);
      await transaction.query(
        `INSERT INTO ingest_tables (name, version, state, definition, created_by, created_at, changed_at)
          VALUES (:name, 1, 'making', :definition, :by, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))
          ON DUPLICATE KEY UPDATE version = version + 1, state = 'making', definition = :definition,
            created_by = :by, created_at = UTC_TIMESTAMP(3), changed_at = UTC_TIMESTAMP(3)`,
        { name, definition: JSON.stringify(definition), by },
      );
      return types;
    });
    try {
      for (const statement of createStatements(table, referred)) await connection.query(statement);
    } catch (error) {
      await finishChange(connection, name);
      throw alterProblem(error);
    }
    await setState(connection, name, "ready");
    made = true;
  });
  return made;
}

/**
 * Changes the definition of a table from the one that was read to another one. Returns what would break, and changes nothing then, nor
 * in a dry run. Throws a 409 when the table has been changed in the meantime or a load is running.
 */
export async function changeTable(
  stores: Stores,
  read: Table,
  table: NewTable,
  { dryRun }: { dryRun: boolean },
): Promise<Break[]> {
  let breaks: Break[] = [];
  await alone(stores, table.name, async (connection) => {
    await finishChange(connection, table.name);
    const from = await findTable(connection, table.name);
    if (!from || !isSame(from, read)) throw new Problem("conflict", `${table.name} was changed in the meantime.`);
    breaks = await change(stores, connection, { from, to: table, dryRun });
  });
  return breaks;
}

async function change(
  { db, loads }: Stores,
  connection: MysqlConnection,
  { from, to, dryRun = false }: { from: Table; to: NewTable; dryRun?: boolean },
): Promise<Break[]> {
  const { name, ...definition } = to;
  const { name: _, version, ...kept } = from;
  if (isSame(kept, definition)) return [];
  if (isSame(rulesOf(from), rulesOf(to))) {
    if (!dryRun) await saveTexts(connection, to);
    return [];
  }
  const incoming = await incomingBreaks(db, from, to);
  if (incoming.length > 0) return incoming;
  if (dryRun) {
    await inMysqlTransaction(db, (transaction) => referredTypes(transaction, to));
    return findBreaks(connection, from, to);
  }
  const referred = await inMysqlTransaction(db, async (transaction) => {
    await holdIdle(transaction, name, loads.heartbeatTimeoutMs);
    const types = await referredTypes(transaction, to);
    await transaction.query(
      "UPDATE ingest_tables SET state = 'changing', pending = ?, changed_at = UTC_TIMESTAMP(3) WHERE name = ?",
      [JSON.stringify(definition), name],
    );
    return types;
  });
  // From here on nothing is written to the table.
  try {
    const breaks = await findBreaks(connection, from, to);
    if (breaks.length > 0) {
      await setState(connection, name, "ready");
      return breaks;
    }
    await alterTable(connection, { from, to, referred });
  } catch (error) {
    await setState(connection, name, "ready");
    throw alterProblem(error);
  }
  await finishAltering(connection, { from, to, referred });
  return [];
}

/** What of a definition rows depend on. */
function rulesOf({ columns, primaryKey, foreignKeys, missingValues }: NewTable): object {
  const rules = columns.map(({ title: _, description: __, ...rule }) => rule);
  return { columns: rules, primaryKey, foreignKeys, missingValues };
}

/** Saves a definition in which only texts and the dialect are others: loads that run go on. */
async function saveTexts(connection: MysqlConnection, { name, ...definition }: NewTable): Promise<void> {
  await connection.query("UPDATE ingest_tables SET definition = ?, changed_at = UTC_TIMESTAMP(3) WHERE name = ?", [
    JSON.stringify(definition),
    name,
  ]);
}

/** The foreign keys of other tables that a table with another definition could not serve. */
async function incomingBreaks(db: MysqlPool, from: Table, to: NewTable): Promise<Break[]> {
  const breaks: Break[] = [];
  for (const { from: other, key } of await referencesTo(db, from.name)) {
    if (other.name === from.name) continue;
    const fault = referenceFault({ table: other, key, other: to });
    if (fault) breaks.push({ path: "fields", message: `${other.name} refers to ${from.name}: ${fault.message}` });
  }
  return breaks;
}

/** After the table itself has been changed. */
async function finishAltering(connection: MysqlConnection, tableChange: TableChange): Promise<void> {
  const { name } = tableChange.to;
  await cancelLoads(connection, name);
  const isEmptied = await alterBeside(connection, tableChange);
  if (isEmptied || !onlyWidens(tableChange.from, tableChange.to)) await forbidUndo(connection, name);
  await connection.query(
    `UPDATE ingest_tables SET state = 'ready', version = version + 1, definition = pending, pending = NULL,
      changed_at = UTC_TIMESTAMP(3) WHERE name = ?`,
    [name],
  );
}

/** Finishes what a killed process has begun to change, or takes it back if the table cannot be changed any more. */
async function resumeAltering(connection: MysqlConnection, name: string): Promise<void> {
  const [[row]] = await connection.query<RowDataPacket[]>("SELECT pending FROM ingest_tables WHERE name = ?", [name]);
  const from = await findTable(connection, name);
  if (!from || typeof row?.pending !== "string") return;
  const to = { name, ...(JSON.parse(row.pending) as Omit<NewTable, "name">) };
  let referred: ReadonlyMap<string, string>;
  try {
    referred = await referredTypes(connection, to);
    await alterTable(connection, { from, to, referred });
  } catch {
    await setState(connection, name, "ready");
    return;
  }
  await finishAltering(connection, { from, to, referred });
}

/** Deletes a table. Throws a 409 while other tables refer to it, a load is running, or it has rows and may not lose them. */
export async function dropTable(stores: Stores, name: string, withRows: boolean): Promise<void> {
  const notFound = () => new Problem("not-found", "Table not found. GET /ingest/tables lists the tables.");
  if (!isTableName(name)) throw notFound();
  await alone(stores, name, async (connection) => {
    await finishChange(connection, name);
    const table = await findTable(connection, name);
    if (!table) throw notFound();
    await inMysqlTransaction(stores.db, (transaction) => beginDropping(transaction, table, withRows, stores));
    await finishDropping(connection, name);
  });
}

/** Holds a table that nothing is written to, until the transaction ends. Throws a 409 while a load is running or rows are written. */
async function holdIdle(transaction: MysqlConnection, name: string, heartbeatTimeoutMs: number): Promise<void> {
  const [running] = await transaction.query<RowDataPacket[]>(
    `SELECT id FROM ingest_loads WHERE table_name = :name AND status = 'running'
      AND beat_at >= UTC_TIMESTAMP(3) - INTERVAL :timeout MICROSECOND LIMIT 1`,
    { name, timeout: heartbeatTimeoutMs * 1000 },
  );
  if (running[0]) throw new Problem("conflict", `Nothing was changed: load ${running[0].id} is running.`);
  try {
    // Waiting for a load would also hold up its next batches.
    await transaction.query("SELECT 1 FROM ingest_tables WHERE name = ? FOR UPDATE NOWAIT", [name]);
  } catch (error) {
    if (!isLocked.has(mysqlErrorNumber(error))) throw error;
    throw new Problem("conflict", `Nothing was changed: rows of ${name} are being written.`, { cause: error });
  }
}

/** From its commit on no transaction of a load or a request begins: each locks the definition first. */
async function beginDropping(
  transaction: MysqlConnection,
  { name }: Table,
  withRows: boolean,
  { loads }: Stores,
): Promise<void> {
  const refuse = (why: string) => new Problem("conflict", `Nothing was deleted: ${why}.`);
  await holdIdle(transaction, name, loads.heartbeatTimeoutMs);
  const refers = (await listTables(transaction, "unfinished as well")).filter(
    (other) => other.name !== name && other.foreignKeys.some((key) => key.table === name),
  );
  if (refers.length > 0) throw refuse(`${refers.map((other) => other.name).join(", ")} refers to ${name}`);
  const [rows] = await transaction.query<RowDataPacket[]>(`SELECT 1 FROM ${identifier(name)} LIMIT 1`);
  if (rows.length > 0 && !withRows) throw refuse(`${name} has rows, which rows=delete deletes as well`);
  await setState(transaction, name, "dropping");
}

async function finishDropping(connection: MysqlConnection, name: string): Promise<void> {
  try {
    await connection.query(`DROP TABLE IF EXISTS ${identifier(name)}`);
  } catch (error) {
    await setState(connection, name, "ready");
    if (!isReferenced.has(mysqlErrorNumber(error))) throw alterProblem(error);
    throw new Problem("conflict", `Nothing was deleted: a table that is not of ingest refers to ${name}.`, {
      cause: error,
    });
  }
  await connection.query(`DROP TABLE IF EXISTS ${identifier(stagedName(name))}, ${identifier(beforeName(name))}`);
  await cancelLoads(connection, name);
  await forbidUndo(connection, name);
  await setState(connection, name, "dropped");
}

/** Ends the loads that were cut off: they cannot be resumed any more. */
async function cancelLoads(connection: MysqlConnection, name: string): Promise<void> {
  await connection.query(
    `UPDATE ingest_loads SET status = 'cancelled', request_key = NULL, finished_at = UTC_TIMESTAMP(3)
      WHERE table_name = ? AND status IN ('running', 'cut off')`,
    [name],
  );
}

/** The loads of before cannot be undone any more: what the rows were would not fit the table, or is not there. */
async function forbidUndo(connection: MysqlConnection, name: string): Promise<void> {
  await connection.query(
    "UPDATE ingest_loads SET state = JSON_SET(state, '$.undoExpired', 1) WHERE table_name = ? AND state IS NOT NULL",
    [name],
  );
}

/** Finishes what killed processes have begun, one table at a time. */
export async function finishChanges({ db, bulk }: Pick<Stores, "db" | "bulk">): Promise<void> {
  const [unfinished] = await db.query<RowDataPacket[]>(
    "SELECT name FROM ingest_tables WHERE state IN ('making', 'changing', 'dropping')",
  );
  for (const { name } of unfinished) await finishChangeOf({ bulk }, String(name));
}

/** Finishes what a killed process has begun with a table; does nothing while a process is at work. */
export async function finishChangeOf({ bulk }: Pick<Stores, "bulk">, name: string): Promise<void> {
  await tryWithLock(bulk, lockName(name), (connection) => finishChange(connection, name));
}

/**
 * Removes what is there of a table that was being made or deleted, and finishes the change of one that was being changed. Only for who
 * holds the lock.
 */
async function finishChange(connection: MysqlConnection, name: string): Promise<void> {
  const [[found]] = await connection.query<RowDataPacket[]>("SELECT state FROM ingest_tables WHERE name = ?", [name]);
  if (found?.state === "dropping") await finishDropping(connection, name);
  if (found?.state === "changing") await resumeAltering(connection, name);
  if (found?.state !== "making") return;
  for (const { name: left, comment } of await relatedTables(connection, name)) {
    if (comment === ownComment) await connection.query(`DROP TABLE ${identifier(left)}`);
  }
  await setState(connection, name, "dropped");
}

/** Throws a 409 when the database has a table of that name that is not of this service. */
async function refuseOthers(connection: MysqlConnection, name: string): Promise<void> {
  const [other] = await relatedTables(connection, name);
  if (!other) return;
  throw new Problem("conflict", `The database has a table ${other.name} that this service has not made.`);
}

/** The tables in the database that belong to a table, or would. */
async function relatedTables(
  connection: MysqlConnection,
  name: string,
): Promise<readonly { name: string; comment: string }[]> {
  const [found] = await connection.query<(RowDataPacket & { name: string; comment: string })[]>(
    `SELECT table_name AS name, table_comment AS comment FROM information_schema.tables
      WHERE table_schema = DATABASE() AND table_name IN (?)`,
    [[name, stagedName(name), beforeName(name)]],
  );
  return found;
}

async function setState(
  connection: MysqlConnection,
  name: string,
  state: "ready" | "dropping" | "dropped",
): Promise<void> {
  await connection.query(
    "UPDATE ingest_tables SET state = ?, pending = NULL, changed_at = UTC_TIMESTAMP(3) WHERE name = ?",
    [state, name],
  );
}

const lockName = (name: string) => `ingest table ${name}`;

/** A statement that changes a table waits for no longer than this for its readers, because new readers wait behind it. */
const lockWaitSeconds = 10;

/** Only one process at a time changes the table of a name. */
async function alone(
  { bulk }: Stores,
  name: string,
  work: (connection: MysqlConnection) => Promise<void>,
): Promise<void> {
  const ran = await tryWithLock(bulk, lockName(name), async (connection) => {
    await connection.query("SET SESSION lock_wait_timeout = ?", [lockWaitSeconds]);
    await work(connection);
    await connection.query("SET SESSION lock_wait_timeout = DEFAULT");
  });
  if (ran) return;
  throw new Problem("conflict", `Another request is changing ${name}.`, { headers: { "Retry-After": "1" } });
}

/** The problem for an error of a statement that makes or changes a table. */
function alterProblem(error: unknown): unknown {
  const number = mysqlErrorNumber(error);
  const limit = limits.get(number);
  if (limit) return new Problem("unprocessable", limit, { errors: [{ path: "fields", message: limit }], cause: error });
  if (inReference.has(number)) {
    return new Problem("conflict", "Nothing was changed: a reference needs the column or its key as it is.", {
      cause: error,
    });
  }
  if (isLocked.has(number)) {
    return new Problem("conflict", "Nothing was changed: the table is being read, by a backup or an export.", {
      headers: { "Retry-After": "10" },
      cause: error,
    });
  }
  return deniedProblem(error);
}

function deniedProblem(error: unknown): unknown {
  if (!denied.has(mysqlErrorNumber(error))) return error;
  const detail =
    "The database user of this service may not do that: it needs CREATE, ALTER, INDEX, DROP and REFERENCES.";
  return new Problem("forbidden", detail, { cause: error });
}

function nameTaken(): Problem {
  const errors = [{ path: "name", message: "is the name of another table" }];
  return new Problem("unprocessable", "There is another table of that name.", { errors });
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, of]) => [key, sorted(of)]),
  );
}
