import type { Dialect } from "../csv/dialect.ts";
import type { FaultCode } from "../csv/fault.ts";
import type { HeaderMode } from "../csv/header.ts";
import type { Differences } from "../store/differences.ts";
import { isWhole, type LoadMode } from "../store/store-batch.ts";
import type { Table } from "../tables/table.ts";

/**
 * `cut off`: interrupted because the file was incomplete, or the process or a store failed; the same key resumes it. `failed`:
 * refused as a whole, nothing is stored. `cancelled`: ended by a request, or because too many rows were rejected; the stored rows stay, and it cannot be resumed.
 */
export const loadStatuses = ["running", "done", "failed", "cut off", "cancelled"] as const;
export type LoadStatus = (typeof loadStatuses)[number];

/** Whether a load has ended and cannot be resumed. */
export function hasEnded(status: LoadStatus): boolean {
  return status !== "running" && status !== "cut off";
}

/** What happens after a rejected row: `skip` reads on, `abort` ends the load as soon as there are too many. */
export type OnError = "skip" | "abort";

/** The options of a load. */
export interface LoadOptions {
  table: string;
  mode: LoadMode;
  header: HeaderMode;
  dryRun: boolean;
  /** Nothing is stored when more rows than this are rejected: a number or a percentage (`0.5%`); null when not given. */
  maxRejects: string | null;
  onError: OnError;
  /** Whether `mode=replace` may leave the table empty. */
  allowEmpty: boolean;
  /** The load whose rejected rows this load sends again, mended; null for any other load. */
  retryOf: number | null;
  /** What is given of the dialect of the file. */
  dialect: Partial<Dialect>;
  /** Names in the header of the file, and the columns that they stand for. */
  map: Readonly<Record<string, string>>;
  /** What happens to columns of the file that the table does not have. */
  extra: "reject" | "ignore";
}

/** The default options of a load. */
export const defaultLoadOptions = {
  mode: "insert",
  header: "auto",
  dryRun: false,
  maxRejects: null,
  onError: "skip",
  allowEmpty: false,
  retryOf: null,
  dialect: {},
  map: {},
  extra: "reject",
} as const;

/** How many rows were rejected for one code, in one column; `column` is empty when the row as a whole is invalid. */
export interface RejectReason {
  code: FaultCode;
  column: string;
  count: number;
}

/** What a load has found its file to be, settled before the first row. */
export interface FileFacts {
  format: string;
  /** How the file is written: delimiter, quote, encoding, and so on. */
  dialect: Dialect | null;
  /** The number of fields of a row. */
  width?: number;
  /** The fields of its header; the names of the columns in the order of the fields when it has none. */
  header?: readonly string[];
  /** How sure the dialect is, from 0 to 1. */
  confidence: number | null;
  doubts: readonly string[];
}

/** The counts of a load. Each received row is inserted, updated, rejected or staged. */
export interface LoadCounts {
  received: number;
  inserted: number;
  updated: number;
  rejected: number;
  /** Valid rows that are not in the table: they wait for the last step of the load, or the load ended before that step. */
  staged: number;
  /** Bytes of the file up to the last committed row. */
  bytes: number;
  /** Processing time in milliseconds, over all attempts. */
  ms: number;
}

/** A load as in responses. Times are ISO 8601, UTC. */
export interface Load extends LoadCounts {
  id: number;
  table: string;
  mode: LoadMode;
  dryRun: boolean;
  status: LoadStatus;
  /** The format of the file; null until it is known. */
  format: string | null;
  dialect: FileFacts["dialect"];
  confidence: number | null;
  doubts: readonly string[];
  /** Rows of the table that the file lacks and that were deleted (`mode=merge`, `mode=replace`). */
  deleted: number;
  /** The rejected rows by code and column, most first. */
  reasons: readonly RejectReason[];
  rowsPerSecond: number | null;
  /** Bytes of the request body that were read, as sent: `bytes` counts them decompressed. Null when unknown. */
  bytesSent: number | null;
  /** Size of the request body as sent; null when it is unknown. */
  bytesTotal: number | null;
  /** Estimated seconds until the file is read; null when the load is not running or the size is unknown. */
  secondsLeft: number | null;
  retryOf: number | null;
  /** What a dry run that is done has found; null for any other load, and in lists. */
  differences: Differences | null;
  undoneAt: string | null;
  createdBy: string;
  startedAt: string;
  finishedAt: string | null;
  rejectsUrl: string;
}

/** What a later attempt needs to resume a load: the counts, and the position in the file that they are valid for. */
export interface LoadProgress {
  received: number;
  /** Valid new rows, in the table or staged. */
  inserted: number;
  /** Valid rows that replaced another one, in the table or staged. */
  updated: number;
  rejected: number;
  /** How many rows are staged. */
  staged: number;
  bytes: number;
  ms: number;
  /** Lines of the file up to that position. */
  lines: number;
  /** SHA-256 of the bytes up to that position, in hex; null before the first batch. */
  digest: string | null;
  /** The order of the fields; null before the first batch. */
  fieldOrder: number[] | null;
  /** What the file was found to be; null before that. */
  facts: FileFacts | null;
  deleted: number;
  reasons: RejectReason[];
  /** Bytes of the request body that have been read, and its size, as sent; null when unknown. */
  bytesSent: number | null;
  bytesTotal: number | null;
  /** What a dry run would do to the table; null for any other load, and before its end. */
  differences: Differences | null;
  /** How many rows of the table this load is the writer of; null for loads of earlier versions. */
  written: number | null;
  /** Whether the rows as they were before the load have been deleted. */
  undoExpired?: 1;
  /** When the load was undone, ISO 8601, UTC. */
  undoneAt?: string;
  /** Whether the rejected rows were deleted by a request. */
  rejectsDeleted?: 1;
}

/** One attempt at a load. Only the attempt whose `owner` is stored with the load may write. */
export interface LoadAttempt {
  id: number;
  owner: string;
  /** The table as it was defined when the attempt began. */
  table: Table;
  options: LoadOptions;
  progress: LoadProgress;
  /** Whether it resumes a load that an earlier attempt has started. */
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
  facts: null,
  deleted: 0,
  reasons: [],
  bytesSent: null,
  bytesTotal: null,
  written: 0,
  differences: null,
};

/** The reasons with those of more rejects counted in, most frequent first. */
export function withReasons(
  reasons: readonly RejectReason[],
  rejects: Iterable<Pick<RejectReason, "code" | "column">>,
): RejectReason[] {
  const counted = new Map(reasons.map((reason) => [`${reason.code} ${reason.column}`, { ...reason }]));
  for (const { code, column } of rejects) {
    const key = `${code} ${column}`;
    const reason = counted.get(key);
    if (reason) reason.count++;
    else counted.set(key, { code, column, count: 1 });
  }
  return [...counted.values()].sort((a, b) => b.count - a.count);
}

/** The speed of a load and the time that it needs for the rest of its file. */
export function paceOf(
  status: LoadStatus,
  { received, ms, bytesSent, bytesTotal }: Pick<LoadProgress, "received" | "ms" | "bytesSent" | "bytesTotal">,
): Pick<Load, "rowsPerSecond" | "bytesSent" | "bytesTotal" | "secondsLeft"> {
  const rowsPerSecond = ms > 0 ? Math.round((received * 1000) / ms) : null;
  const known = status === "running" && bytesSent !== null && bytesTotal !== null && bytesSent > 0;
  const secondsLeft = known ? Math.round((Math.max(bytesTotal - bytesSent, 0) * ms) / bytesSent / 100) / 10 : null;
  return { rowsPerSecond, bytesSent, bytesTotal, secondsLeft };
}

/** The max number or percentage of rejected rows; null when there is no limit. */
export function rejectLimit({ maxRejects, mode, onError }: LoadOptions): string | null {
  return maxRejects ?? (isWhole(mode) || onError === "abort" ? "0" : null);
}

/** Whether the rows of a load are staged until its last step, so that all or none are stored. */
export function isStaged(options: LoadOptions): boolean {
  return options.dryRun || rejectLimit(options) !== null;
}

/**
 * The counts of a load as in responses: staged rows are not inserted yet. A dry run reports what would be stored, unless it
 * failed.
 */
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

/** What is reported while a load runs: its counts, and how far it is. */
export type LoadReport = LoadCounts & ReturnType<typeof paceOf>;

/** The report of a running load. */
export function reportOf(options: LoadOptions, progress: LoadProgress): LoadReport {
  return { ...countsOf(options, "running", progress), ...paceOf("running", progress) };
}

/** The path of the rejected rows of a load. */
export function rejectsUrl(id: number): string {
  return `/ingest/loads/${id}/rejects`;
}
