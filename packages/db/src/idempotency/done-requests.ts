import type { Pool, PoolConnection, ResultSetHeader, RowDataPacket } from "mysql2/promise";
import type { ISql } from "postgres";

/** Where an app records what it has done for which request, in the transaction of what it does. */
export interface DoneRequests {
  /** Begins the record of a request; false when there is one. Waits for a transaction that is just making it. */
  take(requestKey: string): Promise<boolean>;
  /** Completes a record that was begun: what came of the request, as JSON text. */
  record(requestKey: string, result: string): Promise<void>;
  /** What came of a request that was recorded before. */
  find(requestKey: string): Promise<string | undefined>;
  /** Removes at most so many records that are older. */
  sweep(days: number, most: number): Promise<void>;
}

const keptDays = 2;
/** One in so many records also removes old ones, more of them than are added meanwhile. */
const sweepEach = 50;
const sweptAtOnce = 500;

/**
 * Does `work` once for a request, however often that comes and whichever process is killed when: what it resolves to, JSON, is
 * recorded in its own transaction, and is the result the next time. Of two that do it at once, the second waits for the first. Without a
 * key it is just done.
 */
export async function once<T>(done: DoneRequests, requestKey: string | undefined, work: () => Promise<T>): Promise<T> {
  if (requestKey === undefined) return work();
  if (!(await done.take(requestKey))) return JSON.parse((await done.find(requestKey)) ?? "") as T;
  const result = await work();
  await done.record(requestKey, JSON.stringify(result));
  if (Math.random() * sweepEach < 1) await done.sweep(keptDays, sweptAtOnce);
  return result;
}

/** Records in a MySQL table (`request_key`, `result`, `done_at`), on the connection of a transaction that has read nothing yet. */
export function mysqlDoneRequests(on: Pool | PoolConnection, table: string): DoneRequests {
  return {
    async take(requestKey) {
      const [taken] = await on.execute<ResultSetHeader>(
        `INSERT IGNORE INTO ${table} (request_key, result, done_at) VALUES (:requestKey, '', UTC_TIMESTAMP())`,
        { requestKey },
      );
      return taken.affectedRows === 1;
    },
    async record(requestKey, result) {
      await on.execute(`UPDATE ${table} SET result = :result WHERE request_key = :requestKey`, { requestKey, result });
    },
    async find(requestKey) {
      const text = `SELECT result FROM ${table} WHERE request_key = :requestKey`;
      const [rows] = await on.execute<RowDataPacket[]>(text, { requestKey });
      return rows[0] && String(rows[0].result);
    },
    // One by one: a range would be locked up to the next record, which is somebody else's.
    async sweep(days, most) {
      const [old] = await on.query<RowDataPacket[]>(
        `SELECT request_key FROM ${table} WHERE done_at < UTC_TIMESTAMP() - INTERVAL :days DAY ORDER BY done_at LIMIT :most`,
        { days, most },
      );
      if (old.length === 0) return;
      await on.query(`DELETE FROM ${table} WHERE request_key IN (:keys)`, { keys: old.map((row) => row.request_key) });
    },
  };
}

/** The same in a Postgres table, within a transaction. */
export function postgresDoneRequests(sql: ISql, table: string): DoneRequests {
  return {
    async take(requestKey) {
      const { count } = await sql`
        INSERT INTO ${sql(table)} (request_key, result) VALUES (${requestKey}, '') ON CONFLICT DO NOTHING`;
      return count === 1;
    },
    async record(requestKey, result) {
      await sql`UPDATE ${sql(table)} SET result = ${result} WHERE request_key = ${requestKey}`;
    },
    async find(requestKey) {
      const [row] = await sql<{ result: string }[]>`
        SELECT result FROM ${sql(table)} WHERE request_key = ${requestKey}`;
      return row?.result;
    },
    async sweep(days, most) {
      await sql`DELETE FROM ${sql(table)} WHERE request_key IN (
        SELECT request_key FROM ${sql(table)} WHERE done_at < now() - make_interval(days => ${days})
        LIMIT ${most} FOR UPDATE SKIP LOCKED)`;
    },
  };
}
