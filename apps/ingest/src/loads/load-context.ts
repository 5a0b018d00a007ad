import type { MysqlPool } from "@quintet/db";
import type { Logger } from "@quintet/http";
import type { BulkStore } from "../store/bulk-store.ts";
import type { LoadSlots } from "./load-slots.ts";

/** The dependencies and limits of loads. */
export interface LoadContext {
  db: MysqlPool;
  bulk: BulkStore;
  log: Logger;
  /** The max number of rows of a batch; below 65,535, the max number of warnings that MySQL reports for a statement. */
  batchRows: number;
  /** Received rows are stored after this time at the latest, even if the batch is not full. */
  batchMs: number;
  /** A load ends when more rows than this are rejected, so that the list of rejects is bounded. */
  maxListedRejects: number;
  /** A load without a heartbeat for this time is cut off: its process has died. */
  heartbeatTimeoutMs: number;
  /** The loads running in this process. */
  running: Set<Promise<unknown>>;
  slots: LoadSlots;
}

export const defaultLoadSettings = {
  batchRows: 25_000,
  batchMs: 1000,
  maxListedRejects: 1_000_000,
  heartbeatTimeoutMs: 15_000,
};
