import type { MysqlConnection } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import { identifier, identifiers } from "../tables/quote.ts";
import type { Table } from "../tables/table.ts";
import { absent, added, columnEquality, differing, type RowsFrom } from "./staged-rows.ts";
import { isWhole, type LoadMode } from "./store-batch.ts";

const maxShown = 100;
const maxTextLength = 200;

/** Values by the names of their columns, as MySQL writes them, at most their first 200 characters; null for no value. */
export type ShownValues = Readonly<Record<string, string | null>>;

/** How a row would differ: all values of an added or deleted one, the different ones of a changed one. */
export interface ShownDifference {
  kind: "added" | "changed" | "deleted";
  key: ShownValues;
  old: ShownValues | null;
  new: ShownValues | null;
}

/** What a load would do to the rows of a table. */
export interface Differences {
  added: number;
  changed: number;
  deleted: number;
  /** The first hundred of them, of each kind as many as there is room for, by key. */
  rows: readonly ShownDifference[];
}

/** How the table would differ after the staged rows of a load were stored. */
export async function findDifferences(
  connection: MysqlConnection,
  table: Table,
  load: number,
  mode: LoadMode,
): Promise<Differences> {
  const names = table.columns.map(({ name }) => name);
  const read = (kind: ShownDifference["kind"], from: RowsFrom | undefined) =>
    from ? readSome(connection, table, kind, from) : { count: 0, rows: [] };
  const changed = await read("changed", mode === "insert" ? undefined : differing(table, load));
  const deleted = await read("deleted", isWhole(mode) ? absent(table, load) : undefined);
  const more = await read("added", added(table, load));
  const kinds = [changed.rows, deleted.rows, more.rows];
  const room = shares(
    kinds.map(({ length }) => length),
    maxShown,
  );
  const rows = kinds.flatMap((some, at) => some.slice(0, room[at]).map((row) => toShown(table, names, row)));
  return { added: more.count, changed: changed.count, deleted: deleted.count, rows };
}

interface FoundRow {
  kind: ShownDifference["kind"];
  /** The old values, the new ones, and for each column whether they are equal; as many as there are columns each. */
  values: readonly (string | number | null)[];
}

/** How many rows there are, and the first of them by key. */
async function readSome(
  connection: MysqlConnection,
  table: Table,
  kind: ShownDifference["kind"],
  { from, values }: RowsFrom,
): Promise<{ count: number; rows: FoundRow[] }> {
  const [[counted]] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${from}`, values);
  const count = Number(counted?.count);
  if (count === 0) return { count, rows: [] };
  const texts = (alias: "t" | "s") =>
    table.columns.map(({ name }) => `LEFT(CAST(${alias}.${identifier(name)} AS CHAR), ${maxTextLength})`);
  const [rows] = await connection.query<RowDataPacket[]>({
    sql: `SELECT ${[...texts("t"), ...texts("s"), ...columnEquality(table)].join(", ")} FROM ${from}
      ORDER BY ${identifiers(table.primaryKey, kind === "added" ? "s" : "t")} LIMIT ${maxShown}`,
    values,
    rowsAsArray: true,
  });
  return { count, rows: rows.map((row) => ({ kind, values: row as unknown as FoundRow["values"] })) };
}

function toShown(table: Table, names: readonly string[], { kind, values }: FoundRow): ShownDifference {
  const shown = (from: number, wanted: (at: number) => boolean): ShownValues =>
    Object.fromEntries(
      names.flatMap((name, at) => (wanted(at) ? [[name, values[from + at] as string | null] as const] : [])),
    );
  const width = names.length;
  const isKey = (at: number) => table.primaryKey.includes(names[at]!);
  const isShown = (at: number) => kind !== "changed" || Number(values[2 * width + at]) === 0;
  return {
    kind,
    key: shown(kind === "added" ? width : 0, isKey),
    old: kind === "added" ? null : shown(0, isShown),
    new: kind === "deleted" ? null : shown(width, isShown),
  };
}

/** How many of each kind are shown when there is room for `room` in all: the same number of each, as far as there are so many. */
function shares(lengths: readonly number[], room: number): number[] {
  const shown = lengths.map(() => 0);
  for (let left = room; left > 0; ) {
    const before = left;
    for (const [at, length] of lengths.entries()) {
      if (left === 0 || shown[at]! >= length) continue;
      shown[at]!++;
      left--;
    }
    if (left === before) break;
  }
  return shown;
}
