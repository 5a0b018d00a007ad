import type { MysqlConnection } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import { identifier, identifiers } from "../tables/quote.ts";
import { loadColumn, loadOfColumn, type Table } from "../tables/table.ts";
import { deleteKept, keepRows } from "./before-rows.ts";
import { duplicateEntry, mysqlErrorNumber } from "./bulk-store.ts";
import { brokenOutgoing, brokenReferences } from "./references.ts";
import { sameKey, stagedTarget, tableTarget } from "./row-target.ts";
import { isWhole, type StoreOptions } from "./store-batch.ts";
import { rejectBroken } from "./whole-table.ts";

/** How many rows a load has staged. */
export async function stagedCount(connection: MysqlConnection, table: Table, load: number): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS count FROM ${identifier(stagedTarget(table, load).name)} WHERE ${loadOfColumn} = ?`,
    [load],
  );
  return Number(rows[0]?.count);
}

/**
 * Moves the staged rows of a load into the table, in the transaction of `connection`; a dry run only checks whether that is possible.
 * Returns how many rows of the table are deleted because the file lacks them, and how many are written. Readers see all of it or nothing. Changes only rows that
 * differ: deleting a row and storing it again costs several times as much as leaving it.
 *
 * Throws a 409 when references would break, or when a key has been stored by another request in the meantime.
 */
export async function storeStaged(
  connection: MysqlConnection,
  table: Table,
  storing: StoreOptions,
): Promise<{ deleted: number; written: number }> {
  const { mode, dryRun, load } = storing;
  const whole = isWhole(mode);
  const content = stagedTarget(table, load);
  let deleted = 0;
  let written = 0;
  if (dryRun) {
    if (!whole) return { deleted, written };
    deleted = await countAbsent(connection, table, load);
  } else {
    if (whole) deleted = await keepRows(connection, table, load, absent(table, load));
    if (mode !== "insert") {
      const different = await keepRows(connection, table, load, differing(table, load));
      if (deleted + different > 0) await deleteKept(connection, table, load);
    }
    written = await insertMissing(connection, table, load, { all: mode === "insert" });
  }
  const broken = whole
    ? brokenReferences(connection, table, content)
    : brokenOutgoing(connection, table, content, { name: table.name });
  rejectBroken(await broken);
  return { deleted, written };
}

/** Rows of a table `t`, of staged rows `s`, or of both, as what follows FROM. */
export interface RowsFrom {
  from: string;
  values: number[];
}

/** The rows `t` of a table whose key no staged row of a load has. */
export function absent(table: Table, load: number): RowsFrom {
  const [name, staged] = [tableTarget(table).name, stagedTarget(table, load).name].map(identifier);
  return {
    from: `${name} AS t LEFT JOIN ${staged} AS s ON s.${loadOfColumn} = ? AND ${sameKey(table, "s", "t")}
      WHERE s.${identifier(table.primaryKey[0]!)} IS NULL`,
    values: [load],
  };
}

async function countAbsent(connection: MysqlConnection, table: Table, load: number): Promise<number> {
  const { from, values } = absent(table, load);
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${from}`, values);
  return Number(rows[0]?.count);
}

/** The staged rows `s` of a load whose key is not in the table. */
export function added(table: Table, load: number): RowsFrom {
  const [name, staged] = [tableTarget(table).name, stagedTarget(table, load).name].map(identifier);
  return {
    from: `${staged} AS s LEFT JOIN ${name} AS t ON ${sameKey(table, "t", "s")}
      WHERE s.${loadOfColumn} = ? AND t.${identifier(table.primaryKey[0]!)} IS NULL`,
    values: [load],
  };
}

/** For each column, whether the values of `t` and `s` are the same. Collations take texts as equal that are not. */
export function columnEquality(table: Table): string[] {
  return table.columns.map(({ name, type }) => {
    const of = type === "string" || type === "json" ? "BINARY " : "";
    return `${of}t.${identifier(name)} <=> ${of}s.${identifier(name)}`;
  });
}

/**
 * The rows `t` that differ from the staged row `s` of a load with their key. They are deleted before the others are
 * stored: values of unique columns may change places.
 */
export function differing(table: Table, load: number): RowsFrom {
  const [name, staged] = [tableTarget(table).name, stagedTarget(table, load).name].map(identifier);
  return {
    from: `${staged} AS s STRAIGHT_JOIN ${name} AS t ON ${sameKey(table, "t", "s")}
      WHERE s.${loadOfColumn} = ? AND NOT (${columnEquality(table).join(" AND ")})`,
    values: [load],
  };
}

/** Stores the staged rows whose key is not in the table; with `all`, every one of them. Returns how many. */
async function insertMissing(
  connection: MysqlConnection,
  table: Table,
  load: number,
  { all }: { all: boolean },
): Promise<number> {
  const [name, staged] = [tableTarget(table).name, stagedTarget(table, load).name].map(identifier);
  const columns = table.columns.map((column) => column.name);
  const missing = `LEFT JOIN ${name} AS t ON ${sameKey(table, "t", "s")}`;
  try {
    const [result] = await connection.query<ResultSetHeader>(
      `INSERT INTO ${name} (${identifiers(columns)}, ${identifier(loadColumn)}) SELECT ${identifiers(columns, "s")}, s.${loadOfColumn}
        FROM ${staged} AS s ${all ? "" : missing}
        WHERE s.${loadOfColumn} = ? ${all ? "" : `AND t.${identifier(table.primaryKey[0]!)} IS NULL`}`,
      [load],
    );
    return result.affectedRows;
  } catch (error) {
    if (mysqlErrorNumber(error) !== duplicateEntry) throw error;
    const detail = "Nothing was stored: other requests have stored rows with keys of this file in the meantime.";
    throw new Problem("conflict", detail, { cause: error });
  }
}
