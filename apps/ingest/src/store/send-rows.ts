import type { MysqlConnection } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import { rowFields } from "../csv/load-data-format.ts";
import { identifier, identifiers } from "../tables/quote.ts";
import { type BulkStore, duplicateEntry, mysqlErrorNumber } from "./bulk-store.ts";
import { localFile } from "./local-file.ts";
import type { RowTarget } from "./row-target.ts";

/** "Loading local data is disabled" in MySQL 8, MariaDB, and older servers. */
const localInfileDisabled = new Set([3948, 4166, 1148]);
const rowsPerInsert = 1000;

/** A row that was refused as a duplicate. */
export interface Refusal {
  /** The value of the key as MySQL prints it, cut off if it is long. */
  value: string;
  /** The name of the key; empty if the message was cut off before it. */
  key: string;
}

/**
 * Writes rows, given as text for `LOAD DATA`, and returns those refused as duplicates, in the order of the rows. Throws when a row was
 * changed or refused for another reason: both statements turn errors into warnings, and only warnings about duplicate keys are accepted.
 *
 * Uses `INSERT` for few rows, and for all when the server does not accept `LOAD DATA LOCAL INFILE`.
 */
export function sendRows(
  store: BulkStore,
  connection: MysqlConnection,
  target: RowTarget,
  text: Buffer,
  rows: number,
): Promise<Refusal[]> {
  return send(store, connection, target, text, rows, "IGNORE");
}

/** Writes rows like `sendRows`, but each replaces the row with the same key. */
export async function sendReplacing(
  store: BulkStore,
  connection: MysqlConnection,
  target: RowTarget,
  text: Buffer,
  rows: number,
): Promise<void> {
  await send(store, connection, target, text, rows, "REPLACE");
}

/** What happens to a row whose key exists: it is refused, or it replaces the other row. */
type OnDuplicate = "IGNORE" | "REPLACE";

async function send(
  store: BulkStore,
  connection: MysqlConnection,
  target: RowTarget,
  text: Buffer,
  rows: number,
  onDuplicate: OnDuplicate,
): Promise<Refusal[]> {
  if (rows === 0) return [];
  if (rows > rowsPerInsert && store.supportsLocalInfile) {
    try {
      return await loadRows(connection, target, text, rows, onDuplicate);
    } catch (error) {
      if (!localInfileDisabled.has(mysqlErrorNumber(error))) throw error;
      store.supportsLocalInfile = false;
    }
  }
  return insertRows(connection, target, text, onDuplicate);
}

async function loadRows(
  connection: MysqlConnection,
  target: RowTarget,
  text: Buffer,
  rows: number,
  onDuplicate: OnDuplicate,
): Promise<Refusal[]> {
  const sql = `LOAD DATA LOCAL INFILE 'rows' ${onDuplicate} INTO TABLE ${identifier(target.name)} CHARACTER SET binary
    (${identifiers(target.columns)})${target.set === undefined ? "" : ` SET ${identifier(target.set.column)} = ?`}`;
  const [result] = await connection.query<ResultSetHeader>({
    sql,
    values: target.set === undefined ? [] : [target.set.value],
    infileStreamFactory: () => localFile(connection, text),
  });
  return refusals(connection, rows, result);
}

async function insertRows(
  connection: MysqlConnection,
  target: RowTarget,
  text: Buffer,
  onDuplicate: OnDuplicate,
): Promise<Refusal[]> {
  const verb = onDuplicate === "REPLACE" ? "REPLACE" : "INSERT IGNORE";
  const set = target.set === undefined ? [] : [target.set.value];
  const columns = target.set === undefined ? target.columns : [target.set.column, ...target.columns];
  const refused: Refusal[] = [];
  for (const values of rowsOf(text, rowsPerInsert)) {
    const [result] = await connection.query<ResultSetHeader>(
      `${verb} INTO ${identifier(target.name)} (${identifiers(columns)}) VALUES ?`,
      [values.map((row) => [...set, ...row])],
    );
    refused.push(...(await refusals(connection, values.length, result)));
  }
  return refused;
}

/** The rows of a text for `LOAD DATA` as values, `atOnce` at a time. */
function* rowsOf(text: Buffer, atOnce: number): Generator<(string | null)[][]> {
  const rows = text.toString().split("\n");
  rows.pop();
  for (let at = 0; at < rows.length; at += atOnce) yield rows.slice(at, at + atOnce).map(rowFields);
}

async function refusals(connection: MysqlConnection, rows: number, result: ResultSetHeader): Promise<Refusal[]> {
  // A row that replaced another one counts twice.
  if (result.affectedRows >= rows && result.warningStatus === 0) return [];
  const [warnings] = await connection.query<RowDataPacket[]>({ sql: "SHOW WARNINGS", rowsAsArray: true });
  const refused = warnings.map(({ 1: code, 2: message }) => {
    if (code !== duplicateEntry) throw new Error(`MySQL changed or refused a row: ${code} ${message}`);
    // "Duplicate entry '17' for key 'PRIMARY'", with the name of the table before the key in MySQL 8.
    const found = /^Duplicate entry '([\s\S]*)' for key '(?:[^']*\.)?([^']*)'$/.exec(String(message));
    return { value: found?.[1] ?? "", key: found?.[2] ?? "" };
  });
  if (refused.length !== rows - result.affectedRows) {
    throw new Error(`MySQL stored ${result.affectedRows} of ${rows} rows and refused ${refused.length}.`);
  }
  return refused;
}
