import { setTimeout as pause } from "node:timers/promises";
import { counter, gauge, keyHours } from "@quintet/http";
import type { Pool, PoolConnection, RowDataPacket } from "mysql2/promise";
import type { Sql } from "postgres";
import { tryWithLock } from "../mysql/named-lock.ts";
import { type Sweeping, sweeping } from "../sweeping.ts";

const sliceRecords = 500;
const pauseMs = 20;
/** The class of the advisory locks that sweeps take in Postgres. */
const sweepLocks = 0x7377_6565;

const records = gauge(
  "quintet_idempotency_records",
  "Records of requests with an Idempotency-Key, estimated by the store.",
  ["table"],
  undefined,
  "max",
);
const removed = counter(
  "quintet_idempotency_records_removed_total",
  "Records deleted because they were older than two days.",
  ["table"],
);

/** A table of records of keyed requests; see `ProcessedRequests`. */
export interface RecordTable {
  name: string;
  /**
   * Runs `work` unless another process is sweeping this table. `remove` deletes some expired records and returns how
   * many; it waits for no request.
   */
  exclusively(work: (remove: () => Promise<number>) => Promise<void>): Promise<void>;
  /** The approximate number of records. */
  estimate(): Promise<number>;
}

/** Deletes expired records. */
export interface RecordSweep extends Sweeping {
  /** Deletes all of them now, unless another process is doing so. */
  sweep(): Promise<void>;
}

/**
 * Deletes expired records in batches with pauses. `onError` is called for the first of several failures. Does nothing
 * before `start`.
 */
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

/** Deletes some expired records of a MySQL table in a transaction of its own; returns how many. */
export async function removeOldRecords(connection: PoolConnection, table: string): Promise<number> {
  // READ COMMITTED locks no gaps, so adding a record never waits; a record that a request is renewing is skipped.
  await connection.query("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
  await connection.beginTransaction();
  try {
    const [old] = await connection.query<RowDataPacket[]>(
      `SELECT request_key FROM ${table} WHERE done_at <= UTC_TIMESTAMP() - INTERVAL ${keyHours} HOUR
        ORDER BY done_at LIMIT ${sliceRecords} FOR UPDATE SKIP LOCKED`,
    );
    // One by one: for a list of keys the server may scan every row and wait for the locks of others.
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
      // The lock belongs to a transaction that does nothing else; each batch is a transaction of its own.
      await sql.begin(async (held) => {
        const [lock] = await held<{ got: boolean }[]>`
          SELECT pg_try_advisory_xact_lock(${sweepLocks}, hashtext(${name})) AS got`;
        if (!lock?.got) return;
        await work(async () => {
          await held`SELECT`; // The server ends a transaction that is idle for too long.
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
