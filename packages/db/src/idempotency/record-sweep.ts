import { setTimeout as pause } from "node:timers/promises";
import { counter, gauge, keyHours } from "@quintet/http";
import type { Pool, PoolConnection, RowDataPacket } from "mysql2/promise";
import type { Sql } from "postgres";
import { tryWithLock } from "../mysql/named-lock.ts";
import { type Sweeping, sweeping } from "../sweeping.ts";

const sliceRecords = 500;
const pauseMs = 20;
/** Of Postgres' advisory locks, those of sweeps. */
const sweepLocks = 0x7377_6565;

const records = gauge(
  "quintet_idempotency_records",
  "Records of requests with an Idempotency-Key, as the store estimates them.",
  ["table"],
  undefined,
  "max",
);
const removed = counter("quintet_idempotency_records_removed_total", "Records that were older than two days.", [
  "table",
]);

/** A table of records of keyed requests; see `ProcessedRequests`. */
export interface RecordTable {
  name: string;
  /**
   * Runs `work`, unless another process does so just now. `remove` removes some of the records that do not count any more, and answers
   * how many; it waits for no request.
   */
  exclusively(work: (remove: () => Promise<number>) => Promise<void>): Promise<void>;
  /** About how many there are. */
  estimate(): Promise<number>;
}

/** Removes records that do not count any more. */
export interface RecordSweep extends Sweeping {
  /** Removes all of them now, unless another process is at it. */
  sweep(): Promise<void>;
}

/** Sweeps a table in slices with pauses. `onError` hears of the first of several failures. Does nothing before `start`. */
export function recordSweep(
  table: RecordTable,
  onError: (error: unknown) => void,
  { everyMs = 60_000 } = {},
): RecordSweep {
  const sweep = async (signal?: AbortSignal) => {
    await table.exclusively(async (remove) => {
      for (let count = sliceRecords; count > 0 && !signal?.aborted; ) {
        count = await remove();
        removed.inc({ table: table.name }, count);
        if (count > 0) await pause(pauseMs, undefined, signal ? { signal } : {}).catch(() => {});
      }
    });
    records.set({ table: table.name }, await table.estimate());
  };
  return { ...sweeping(sweep, { everyMs, onError }), sweep };
}

/** A table of records in MySQL. */
export function mysqlRecordTable(pool: Pool, name: string): RecordTable {
  return {
    name,
    async exclusively(work) {
      await tryWithLock(pool, `sweep ${name}`, (connection) => work(() => removeOldRecords(connection, name)));
    },
    async estimate() {
      const [plan] = await pool.query<RowDataPacket[]>(`EXPLAIN SELECT * FROM ${name}`);
      return Number(plan[0]?.rows ?? 0);
    },
  };
}

/** Removes some records of a MySQL table that do not count any more, in a transaction of its own; answers how many. */
export async function removeOldRecords(connection: PoolConnection, table: string): Promise<number> {
  // No gap is locked, so a record that is added meanwhile waits for nothing; one that is begun anew is left to its request.
  await connection.query("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
  await connection.beginTransaction();
  try {
    const [old] = await connection.query<RowDataPacket[]>(
      `SELECT request_key FROM ${table} WHERE done_at <= UTC_TIMESTAMP() - INTERVAL ${keyHours} HOUR
        ORDER BY done_at LIMIT ${sliceRecords} FOR UPDATE SKIP LOCKED`,
    );
    // One by one: for a list of keys the server may look at every row, and wait for those of others.
    for (const { request_key: key } of old) {
      await connection.execute(`DELETE FROM ${table} WHERE request_key = :key`, { key });
    }
    await connection.commit();
    return old.length;
  } catch (error) {
    await connection.rollback();
    throw error;
  }
}

/** A table of records in Postgres. */
export function postgresRecordTable(sql: Sql, name: string): RecordTable {
  return {
    name,
    async exclusively(work) {
      // The lock belongs to a transaction that does nothing else; the slices are each their own.
      await sql.begin(async (held) => {
        const [lock] = await held<{ got: boolean }[]>`
          SELECT pg_try_advisory_xact_lock(${sweepLocks}, hashtext(${name})) AS got`;
        if (!lock?.got) return;
        await work(async () => {
          await held`SELECT`; // One that stands still is ended.
          const { count } = await sql`DELETE FROM ${sql(name)} WHERE request_key IN (
            SELECT request_key FROM ${sql(name)} WHERE done_at <= now() - make_interval(hours => ${keyHours})
            ORDER BY done_at LIMIT ${sliceRecords} FOR UPDATE SKIP LOCKED)`;
          return count;
        });
      });
    },
    async estimate() {
      const [row] = await sql<{ rows: number }[]>`
        SELECT n_live_tup::float8 AS rows FROM pg_stat_user_tables WHERE relid = ${name}::regclass`;
      return row?.rows ?? 0;
    },
  };
}
