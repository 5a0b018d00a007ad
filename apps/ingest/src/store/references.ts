import type { MysqlConnection } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import { type Reference, referencesFrom, referencesTo, type Table, tableOf } from "../tables.ts";
import { stagedTarget } from "./row-target.ts";

const idsAtOnce = 5000;

/** How the rows that are found are locked until the transaction ends. */
const locks = { none: "", shared: " LOCK IN SHARE MODE", exclusive: " FOR UPDATE" } as const;

/** Which of the ids exist in a table. A shared lock keeps those rows as they are until the transaction ends. */
export async function existingIds(
  connection: MysqlConnection,
  from: { name: string; load?: number },
  ids: Iterable<number>,
  lock: keyof typeof locks,
): Promise<Set<number>> {
  const wanted = [...ids];
  const found = new Set<number>();
  const ofLoad = from.load === undefined ? "" : " AND load_id = ?";
  for (let at = 0; at < wanted.length; at += idsAtOnce) {
    const some = wanted.slice(at, at + idsAtOnce);
    const [rows] = await connection.query<RowDataPacket[]>({
      sql: `SELECT id FROM ${from.name} WHERE id IN (?)${ofLoad}${locks[lock]}`,
      values: from.load === undefined ? [some] : [some, from.load],
      rowsAsArray: true,
    });
    for (const row of rows) found.add(row[0]);
  }
  return found;
}

/** Rows that refer to what is not there. */
export interface BrokenReference extends Reference {
  count: number;
}

/**
 * The rows that refer to no row, by foreign key, where `table` is on either side; empty when all is well. With `load`, as it would be
 * if `table` held that load's staged rows and nothing else. Rows that are referred to stay as they are until the
 * transaction ends.
 */
export async function brokenReferences(
  connection: MysqlConnection,
  table: Table,
  load?: number,
): Promise<BrokenReference[]> {
  const source = (name: Table["name"]) =>
    load !== undefined && name === table.name ? stagedTarget(table, load) : { name };
  const broken: BrokenReference[] = [];
  for (const reference of [...referencesFrom(table.name), ...referencesTo(table.name)]) {
    const from: { name: string; load?: number } = source(reference.from);
    const [groups] = await connection.query<RowDataPacket[]>(
      `SELECT ${reference.column} AS id, COUNT(*) AS rows_count FROM ${from.name}
        ${from.load === undefined ? "" : "WHERE load_id = ?"} GROUP BY ${reference.column}`,
      from.load === undefined ? [] : [from.load],
    );
    const ids = groups.map((group) => Number(group.id));
    const existing = await existingIds(connection, source(tableOf(reference.to).name), ids, "shared");
    const count = groups.reduce((sum, group) => (existing.has(group.id) ? sum : sum + Number(group.rows_count)), 0);
    if (count > 0) broken.push({ ...reference, count });
  }
  return broken;
}
