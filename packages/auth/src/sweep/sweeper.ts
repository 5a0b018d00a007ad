import { setTimeout as delay } from "node:timers/promises";
import { connectMysql, type MysqlConnection, retryOnDeadlock } from "@quintet/db";
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
export function sweeper(options: {
  mysqlUrl: string;
  tables: SweptTable[];
  counted: readonly string[];
  log: Logger;
}): Sweeper {
  const { mysqlUrl, tables, counted, log } = options;
  const pool = connectMysql(mysqlUrl, { connections: 1 });
  const closing = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let wentWell = true;

  const sweepAll = async (connection: MysqlConnection) => {
    // No gap is locked then, so a row that is added meanwhile waits for nothing.
    await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    for (const { table, removeSlice } of tables) {
      while (!closing.signal.aborted) {
        const removed = await retryOnDeadlock(() => removeSlice(connection));
        if (removed === 0) break;
        removedRows.inc({ table }, removed);
        await delay(pauseMs, undefined, { signal: closing.signal }).catch(() => {});
      }
    }
  };
  const run = async () => {
    try {
      const connection = await pool.getConnection();
      try {
        const lock = "CONCAT('quintet_sweep_', DATABASE())";
        const [got] = await connection.query<RowDataPacket[]>(`SELECT GET_LOCK(${lock}, 0) AS got`);
        if (got[0]?.got === 1) {
          await sweepAll(connection);
          await connection.query(`DO RELEASE_LOCK(${lock})`);
        }
        for (const table of counted) {
          const [plan] = await connection.query<RowDataPacket[]>(`EXPLAIN SELECT * FROM ${table}`);
          rows.set({ table }, Number(plan[0]?.rows ?? 0));
        }
        connection.release();
      } catch (error) {
        connection.destroy(); // And with it the lock.
        throw error;
      }
      wentWell = true;
    } catch (error) {
      if (wentWell && !closing.signal.aborted)
        log.warn({ err: error }, "what is over could not be removed; trying again");
      wentWell = false;
    }
  };
  const sweep = () => {
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  };
  return {
    sweep,
    start() {
      timer ??= setInterval(() => {
        sweep().catch(() => {}); // It logs by itself.
      }, everyMs);
      timer.unref();
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      clearInterval(timer);
      await running;
      await pool.end();
    },
  };
}
