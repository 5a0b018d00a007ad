import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import type { IncomingReference, Table } from "./table.ts";

type Queries = Pick<MysqlPool | MysqlConnection, "query">;

interface DefinitionRow extends RowDataPacket {
  name: string;
  version: number;
  definition: string;
}

/** A table is `making` until all that belongs to it is there, and has a `pending` definition while it is being changed. */
type State = "making" | "ready" | "changing" | "dropping" | "dropped";
const columns = "name, version, definition";
const visible = "state IN ('ready', 'changing')";

/** A table that is read twice is the same object as long as its definition is: what is derived from it can be kept with it. */
const read = new Map<string, { definition: string; table: Table }>();

function toTable({ name, version, definition }: DefinitionRow): Table {
  const kept = read.get(name);
  if (kept?.table.version === version && kept.definition === definition) return kept.table;
  const table = { ...(JSON.parse(definition) as Omit<Table, "name" | "version">), name, version };
  read.set(name, { definition, table });
  return table;
}

/** The names that tables can have: the column `name` is ASCII, and the server refuses to compare it with some other texts. */
export const isTableName = (name: string) => /^[a-z][a-z0-9_]{0,47}$/.test(name);

/** The table with that name, which may be any text; `undefined` when there is none. */
export async function findTable(db: Queries, name: string): Promise<Table | undefined> {
  if (!isTableName(name)) return undefined;
  const [rows] = await db.query<DefinitionRow[]>(`SELECT ${columns} FROM ingest_tables WHERE name = ? AND ${visible}`, [
    name,
  ]);
  return rows[0] && toTable(rows[0]);
}

/** In what state the table of a name is; `undefined` when there has never been one. */
export async function stateOf(db: Queries, name: string): Promise<State | undefined> {
  if (!isTableName(name)) return undefined;
  const [rows] = await db.query<RowDataPacket[]>("SELECT state FROM ingest_tables WHERE name = ?", [name]);
  return rows[0]?.state as State | undefined;
}

/** All tables by name; those that are being made only if asked for. */
export async function listTables(db: Queries, which?: "unfinished as well"): Promise<Table[]> {
  const making = which === undefined ? "" : "OR state = 'making'";
  const [rows] = await db.query<DefinitionRow[]>(
    `SELECT ${columns} FROM ingest_tables WHERE ${visible} ${making} ORDER BY name`,
  );
  return rows.map(toTable);
}

/**
 * Holds the definition of a table until the transaction ends. Throws a 409 when it was changed or deleted since `table` was read: its
 * rows must not be written by rules of before.
 */
export async function lockDefinition(connection: Queries, { name, version }: Table): Promise<void> {
  const [rows] = await connection.query<DefinitionRow[]>(
    "SELECT 1 FROM ingest_tables WHERE name = ? AND version = ? AND state = 'ready' LOCK IN SHARE MODE",
    [name, version],
  );
  if (rows.length === 0) throw new Problem("conflict", `${name} was changed or deleted in the meantime.`);
}

/** The foreign keys of all tables that refer to a table, also its own. */
export async function referencesTo(db: Queries, name: string): Promise<IncomingReference[]> {
  return (await listTables(db)).flatMap((from) =>
    from.foreignKeys.filter((key) => key.table === name).map((key) => ({ from, key })),
  );
}
