import type { HeaderMode } from "../csv/header.ts";
import type { LoadMode } from "../store/store-batch.ts";
import type { TableName } from "../tables.ts";

/** `cut off`: the client or the process went away in the middle; the same key goes on. `failed`: it was refused as a whole. */
export type LoadStatus = "running" | "done" | "failed" | "cut off";

/** What a load is asked to do. */
export interface LoadOrder {
  table: TableName;
  mode: LoadMode;
  header: HeaderMode;
  dryRun: boolean;
}

/** How far a load has come. Every record that was read is inserted, updated or rejected. */
export interface LoadCounts {
  received: number;
  inserted: number;
  updated: number;
  rejected: number;
  /** Bytes of the file up to the last record that was committed. */
  bytes: number;
  /** Milliseconds of work. */
  ms: number;
}

/** A load as clients see it. Times are ISO 8601, UTC. */
export interface Load extends LoadCounts {
  id: number;
  table: TableName;
  mode: LoadMode;
  dryRun: boolean;
  status: LoadStatus;
  createdBy: string;
  startedAt: string;
  finishedAt: string | null;
  rejectsUrl: string;
}

/** What a later attempt needs to go on: counts, and the place in the file up to which they count. */
export interface LoadProgress extends LoadCounts {
  /** Physical lines up to that place. */
  lines: number;
  /** SHA-256 of the bytes up to that place, in hex; null before the first batch. */
  digest: string | null;
  /** The order of the fields, once the first record was seen. */
  order: number[] | null;
}

/** One attempt at a load. Only the attempt whose `owner` the load names may write. */
export interface LoadAttempt {
  id: number;
  owner: string;
  order: LoadOrder;
  progress: LoadProgress;
}

export const noProgress: LoadProgress = {
  received: 0,
  inserted: 0,
  updated: 0,
  rejected: 0,
  bytes: 0,
  ms: 0,
  lines: 0,
  digest: null,
  order: null,
};

/** Where the rejected rows of a load are. */
export function rejectsUrl(id: number): string {
  return `/ingest/loads/${id}/rejects`;
}
