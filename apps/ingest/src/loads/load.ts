import type { HeaderMode } from "../csv/header.ts";
import type { LoadMode } from "../store/store-batch.ts";
import type { TableName } from "../tables.ts";

/**
 * `cut off`: the file, the process or a store broke off in the middle; the same key goes on. `failed`: it was refused as a whole, and
 * nothing of it is stored. `cancelled`: somebody ended it; what was stored by then stays, and nothing goes on.
 */
export const loadStatuses = ["running", "done", "failed", "cut off", "cancelled"] as const;
export type LoadStatus = (typeof loadStatuses)[number];

/** Whether nobody can go on with a load. */
export function hasEnded(status: LoadStatus): boolean {
  return status !== "running" && status !== "cut off";
}

/** What happens at a row that is rejected: the rest of the file is read, or the load ends once there are too many. */
export type OnError = "skip" | "abort";

/** What a load is asked to do. */
export interface LoadOptions {
  table: TableName;
  mode: LoadMode;
  header: HeaderMode;
  dryRun: boolean;
  /** With more rejected rows than that, a number or a share (`0.5%`), nothing is stored; null when it was not given. */
  maxRejects: string | null;
  onError: OnError;
  /** Whether `replace` may leave the table empty. */
  allowEmpty: boolean;
}

/** A load of a table unless something else is asked for. */
export const defaultLoadOptions = {
  mode: "insert",
  header: "auto",
  dryRun: false,
  maxRejects: null,
  onError: "skip",
  allowEmpty: false,
} as const;

/** How far a load has come. Every record that was read is inserted, updated, rejected or staged. */
export interface LoadCounts {
  received: number;
  inserted: number;
  updated: number;
  rejected: number;
  /** Good rows that are not in the table: they wait for the last step of the load, or it ended without that step. */
  staged: number;
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
export interface LoadProgress {
  received: number;
  /** Good rows, whether they are in the table or staged. */
  inserted: number;
  /** Good rows that took the place of another, whether in the table or staged. */
  updated: number;
  rejected: number;
  /** How many rows there are among the staged ones. */
  staged: number;
  bytes: number;
  ms: number;
  /** Physical lines up to that place. */
  lines: number;
  /** SHA-256 of the bytes up to that place, in hex; null before the first batch. */
  digest: string | null;
  /** The order of the fields, once the first record was seen. */
  fieldOrder: number[] | null;
}

/** One attempt at a load. Only the attempt whose `owner` the load names may write. */
export interface LoadAttempt {
  id: number;
  owner: string;
  options: LoadOptions;
  progress: LoadProgress;
  /** Whether it goes on with a load that an earlier attempt began. */
  resumes: boolean;
}

export const initialProgress: LoadProgress = {
  received: 0,
  inserted: 0,
  updated: 0,
  rejected: 0,
  staged: 0,
  bytes: 0,
  ms: 0,
  lines: 0,
  digest: null,
  fieldOrder: null,
};

/** The most rejected rows with which a load is not refused, a number or a share; null when there is no limit. */
export function rejectLimit({ maxRejects, mode, onError }: LoadOptions): string | null {
  return maxRejects ?? (mode === "replace" || onError === "abort" ? "0" : null);
}

/** Whether the rows of a load are staged until its last step, so that all of them are stored or none. */
export function isStaged(options: LoadOptions): boolean {
  return options.dryRun || rejectLimit(options) !== null;
}

/** The counts of a load as clients see them: what is staged is not inserted yet. A dry run counts what would be, unless it failed. */
export function countsOf(options: LoadOptions, status: LoadStatus, progress: LoadProgress): LoadCounts {
  const { received, inserted, updated, rejected, bytes, ms } = progress;
  const waits = isStaged(options) && (options.dryRun ? status === "failed" : status !== "done");
  return {
    received,
    inserted: waits ? 0 : inserted,
    updated: waits ? 0 : updated,
    rejected,
    staged: waits ? inserted + updated : 0,
    bytes,
    ms,
  };
}

/** Where the rejected rows of a load are. */
export function rejectsUrl(id: number): string {
  return `/ingest/loads/${id}/rejects`;
}
