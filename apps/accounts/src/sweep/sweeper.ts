import { setTimeout as delay } from "node:timers/promises";
import { connectMysql, type MysqlConnection, retryOnDeadlock, sweeping, tryWithLock } from "@quintet/db";
import { counter, gauge, type Logger } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";

const everyMs = 60_000;
const pauseMs = 10;

const removedRows = counter("quintet_accounts_rows_removed_total", "Rows of the accounts' tables that were over.", [
  "table",
]);
const rows = gauge(
  "quintet_accounts_rows",
  "Rows of the accounts' tables, as MySQL estimates them.",
  ["table"],
  undefined,
  "max",
);

/** What is over in one table. */
export interface SweptTable {
  table: string;
  /** Removes one slice of it, of a size that takes some ms; answers how many rows those were. */
  removeSlice(connection: MysqlConnection): Promise<number>;
}

/** Removes what is over. */
export interface Sweeper extends AsyncDisposable {
  /** Removes all of it now, unless another process is at it. Never rejects. */
  sweep(): Promise<void>;
  /** Does so every minute from now on. */
  start(): void;
}

/**
 * Removes what is over from `tables`, in slices with pauses, over a connection of its own: nobody who signs in waits for it. Of all
 * processes one does it, under a lock of MySQL, which ends with its connection. `counted` are the tables whose size is shown.
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
      // No gap is locked then, so a row that is added meanwhile waits for nothing.
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
  const onError = (error: unknown) => log.warn({ err: error }, "what is over could not be removed; trying again");
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
