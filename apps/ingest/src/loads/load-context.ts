import type { MysqlPool } from "@quintet/db";
import type { Logger } from "@quintet/http";
import type { BulkStore } from "../store/bulk-store.ts";
import type { LoadSlots } from "./load-slots.ts";

/** What loads work with. */
export interface LoadContext {
  db: MysqlPool;
  bulk: BulkStore;
  log: Logger;
  /** A batch has at most so many rows; below 65,535, the most warnings that MySQL tells of one statement. */
  batchRows: number;
  /** Rows that came are stored after so long at the latest, however slowly more come. */
  batchMs: number;
  /** A load that has said nothing for so long was cut off by the death of its process. */
  heartbeatTimeoutMs: number;
  /** Loads that run in this process. */
  running: Set<Promise<unknown>>;
  slots: LoadSlots;
}

export const defaultLoadSettings = { batchRows: 25_000, batchMs: 1000, heartbeatTimeoutMs: 15_000 };
