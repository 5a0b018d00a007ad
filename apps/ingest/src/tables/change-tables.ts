import { inMysqlTransaction, type MysqlConnection, type MysqlPool } from "@quintet/db";
import { Problem } from "@quintet/http";
import { alterTable } from "./alter-table.ts";
import { type Break, breakProblem, findBreaks } from "./breaks.ts";
import { createStatements } from "./ddl.ts";
import { alterProblem } from "./ddl-problem.ts";
import { findTable, referencesTo } from "./definitions.ts";
import { finishAltering, finishChange } from "./finish-change.ts";
import { refuseTooLarge } from "./limits.ts";
import { referenceFault, referredTypes } from "./referred-types.ts";
import type { Table } from "./table.ts";
import { alone, holdIdle, relatedTables, type Stores, setState } from "./table-state.ts";

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
      refuseTooLarge(table, types);
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
    refuseTooLarge(to, await inMysqlTransaction(db, (transaction) => referredTypes(transaction, to)), "changed");
    return findBreaks(connection, from, to);
  }
  const referred = await inMysqlTransaction(db, async (transaction) => {
    await holdIdle(transaction, name, loads.heartbeatTimeoutMs);
    const types = await referredTypes(transaction, to);
    refuseTooLarge(to, types, "changed");
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

/** Throws a 409 when the database has a table of that name that is not of this service. */
async function refuseOthers(connection: MysqlConnection, name: string): Promise<void> {
  const [other] = await relatedTables(connection, name);
  if (!other) return;
  throw new Problem("conflict", `The database has a table ${other.name} that this service has not made.`);
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
