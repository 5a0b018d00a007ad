import type { MysqlConnection } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import { identifier, identifiers } from "../tables/quote.ts";
import { loadColumn, type Table } from "../tables/table.ts";
import { duplicateEntry, mysqlErrorNumber } from "./bulk-store.ts";
import { brokenOutgoing, brokenReferences, stagedContent } from "./references.ts";
import { sameKey, stagedTarget, tableTarget } from "./row-target.ts";
import { isWhole, type StoreOptions } from "./store-batch.ts";
import { rejectBroken } from "./whole-table.ts";

/** How many rows a load has staged. */
export async function stagedCount(connection: MysqlConnection, table: Table, load: number): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS count FROM ${identifier(stagedTarget(table, load).name)} WHERE load_id = ?`,
    [load],
  );
  return Number(rows[0]?.count);
}

/**
 * Moves the staged rows of a load into the table, in the transaction of `connection`; a dry run only checks whether that is possible.
 * Returns how many rows of the table are deleted because the file lacks them. Readers see all of it or nothing. Changes only rows that
 * differ: deleting a row and storing it again costs several times as much as leaving it.
 *
 * Throws a 409 when references would break, or when a key has been stored by another request in the meantime.
 */
export async function storeStaged(connection: MysqlConnection, table: Table, storing: StoreOptions): Promise<number> {
  const { mode, dryRun, load } = storing;
  const whole = isWhole(mode);
  const content = stagedContent(connection, table, load);
  let deleted = 0;
  if (dryRun) {
    if (!whole) return 0;
    deleted = await countAbsent(connection, table, load);
  } else {
    if (whole) deleted = await deleteAbsent(connection, table, load);
    if (mode !== "insert") await deleteDifferent(connection, table, load);
    await insertMissing(connection, table, load, { all: mode === "insert" });
  }
  const broken = whole ? brokenReferences(connection, table, content) : brokenOutgoing(connection, table, content);
  rejectBroken(await broken);
  return deleted;
}

/** The rows `t` of a table and the staged row `s` of a load with the same key, if there is one, as what follows FROM. */
function withStaged(table: Table, load: number): string {
  const [name, staged] = [tableTarget(table).name, stagedTarget(table, load).name].map(identifier);
  return `${name} AS t LEFT JOIN ${staged} AS s ON s.load_id = ? AND ${sameKey(table, "s", "t")}`;
}

const isAbsent = (table: Table) => `s.${identifier(table.primaryKey[0]!)} IS NULL`;

async function countAbsent(connection: MysqlConnection, table: Table, load: number): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS count FROM ${withStaged(table, load)} WHERE ${isAbsent(table)}`,
    [load],
  );
  return Number(rows[0]?.count);
}

async function deleteAbsent(connection: MysqlConnection, table: Table, load: number): Promise<number> {
  const [result] = await connection.query<ResultSetHeader>(
    `DELETE t FROM ${withStaged(table, load)} WHERE ${isAbsent(table)}`,
    [load],
  );
  return result.affectedRows;
}

/** Deletes the rows that differ from the staged row with their key, which is then stored: values of unique columns may change places. */
async function deleteDifferent(connection: MysqlConnection, table: Table, load: number): Promise<void> {
  const [name, staged] = [tableTarget(table).name, stagedTarget(table, load).name].map(identifier);
  // Collations take texts as equal that are not the same.
  const equal = table.columns.map(({ name, type }) => {
    const of = type === "string" || type === "json" ? "BINARY " : "";
    return `${of}t.${identifier(name)} <=> ${of}s.${identifier(name)}`;
  });
  await connection.query(
    `DELETE t FROM ${staged} AS s STRAIGHT_JOIN ${name} AS t ON ${sameKey(table, "t", "s")}
      WHERE s.load_id = ? AND NOT (${equal.join(" AND ")})`,
    [load],
  );
}

/** Stores the staged rows whose key is not in the table; with `all`, every one of them. */
async function insertMissing(
  connection: MysqlConnection,
  table: Table,
  load: number,
  { all }: { all: boolean },
): Promise<void> {
  const [name, staged] = [tableTarget(table).name, stagedTarget(table, load).name].map(identifier);
  const columns = table.columns.map((column) => column.name);
  const missing = `LEFT JOIN ${name} AS t ON ${sameKey(table, "t", "s")}`;
  try {
    await connection.query(
      `INSERT INTO ${name} (${identifiers(columns)}, ${identifier(loadColumn)}) SELECT ${identifiers(columns, "s")}, s.load_id
        FROM ${staged} AS s ${all ? "" : missing}
        WHERE s.load_id = ? ${all ? "" : `AND t.${identifier(table.primaryKey[0]!)} IS NULL`}`,
      [load],
    );
  } catch (error) {
    if (mysqlErrorNumber(error) !== duplicateEntry) throw error;
    const detail = "Nothing was stored: other requests have stored rows with keys of this file in the meantime.";
    throw new Problem("conflict", detail, { cause: error });
  }
}
