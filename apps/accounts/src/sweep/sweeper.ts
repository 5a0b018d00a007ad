import { setTimeout as delay } from "node:timers/promises";
import { connectMysql, type MysqlConnection, retryOnDeadlock, sweeping, tryWithLock } from "@quintet/db";
import { counter, gauge, type Logger } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";

const everyMs = 60_000;
const pauseMs = 10;

const removedRows = counter("quintet_accounts_rows_removed_total", "Expired rows deleted from the accounts' tables.", [
  "table",
]);
const rows = gauge(
  "quintet_accounts_rows",
  "Rows of the accounts' tables, as MySQL estimates them.",
  ["table"],
  undefined,
  "max",
);

/** A table with expired rows. */
export interface SweptTable {
  table: string;
  /** Deletes one slice of them, of a size that takes some ms; returns the number of rows. */
  removeSlice(connection: MysqlConnection): Promise<number>;
}

/** Deletes expired rows. */
export interface Sweeper extends AsyncDisposable {
  /** Deletes all of them now, unless another process is doing so. Never rejects. */
  sweep(): Promise<void>;
  /** Starts to do so every minute. */
  start(): void;
}

/**
 * Deletes expired rows from `tables`, in slices with pauses, over a connection of its own, so that sign-ins do not wait for it. One of
 * all processes does it at a time, under a lock of MySQL that ends with its connection. `counted` are the tables in the size metric.
 */
export function createSweeper(options: {
  mysqlUrl: string;
  tables: SweptTable[];
  counted: readonly string[];
  log: Logger;
}): Sweeper {
  const { mysqlUrl, tables, counted, log } = options;
  const pool = connectMysql(mysqlUrl, { connections: 1 });

  const sweepTables = async (signal?: AbortSignal) => {
    await tryWithLock(pool, "sweep accounts", async (connection) => {
      // Without gap locks, so that inserts do not wait.
      await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
      for (const { table, removeSlice } of tables) {
        while (!signal?.aborted) {
          const removed = await retryOnDeadlock(() => removeSlice(connection));
          if (removed === 0) break;
          removedRows.inc({ table }, removed);
          await delay(pauseMs, undefined, signal ? { signal } : {}).catch(() => {});
        }
      }
    });
    for (const table of counted) {
      const [plan] = await pool.query<RowDataPacket[]>(`EXPLAIN SELECT * FROM ${table}`);
      rows.set({ table }, Number(plan[0]?.rows ?? 0));
    }
  };
  const onError = (error: unknown) => log.warn({ err: error }, "Expired rows could not be deleted; retrying");
  const background = sweeping(sweepTables, { everyMs, onError });
  return {
    sweep: () => sweepTables().catch(onError),
    start: background.start,
    async [Symbol.asyncDispose]() {
      await background[Symbol.asyncDispose]();
      await pool.end();
    },
  };
}
