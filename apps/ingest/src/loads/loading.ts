import type { MysqlPool } from "@quintet/db";
import type { Logger } from "@quintet/http";
import type { BulkStore } from "../store/bulk-store.ts";
import type { LoadPlaces } from "./load-places.ts";

/** What loads work with. */
export interface Loading {
  db: MysqlPool;
  bulk: BulkStore;
  log: Logger;
  /** A batch has at most so many rows; below 65,535, the most warnings that MySQL tells of one statement. */
  batchRows: number;
  /** Rows that came are stored after so long at the latest, however slowly more come. */
  batchMs: number;
  /** A load that has said nothing for so long was cut off by the death of its process. */
  deadAfterMs: number;
  /** Loads that run in this process. */
  running: Set<Promise<unknown>>;
  places: LoadPlaces;
}

export const standardLoading = { batchRows: 25_000, batchMs: 1000, deadAfterMs: 15_000 };
