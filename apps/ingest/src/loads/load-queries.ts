import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { keyHours } from "@quintet/http";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import type { HeaderMode } from "../csv/header.ts";
import { duplicateEntry, mysqlErrorNumber } from "../store/bulk-store.ts";
import type { LoadMode } from "../store/store-batch.ts";
import {
  countsOf,
  defaultLoadOptions,
  initialProgress,
  type Load,
  type LoadCounts,
  type LoadOptions,
  type LoadProgress,
  type LoadStatus,
  type OnError,
  paceOf,
  rejectsUrl,
} from "./load.ts";

type Queries = Pick<MysqlPool | MysqlConnection, "query">;

interface LoadRow extends RowDataPacket {
  id: number;
  table_name: string;
  /** The options as JSON; those of loads of earlier versions are in the next six columns. */
  options: string | null;
  mode: LoadMode | null;
  header: HeaderMode | null;
  dry_run: number | null;
  max_rejects: string | null;
  on_error: OnError | null;
  allow_empty: number | null;
  retry_of: number | null;
  status: LoadStatus;
  owner: string;
  received: number;
  inserted: number;
  updated: number;
  rejected: number;
  staged: number;
  byte_count: number;
  line_count: number;
  digest: string | null;
  /** The rest of the progress as JSON; loads of earlier versions have only a field order. */
  state: string | null;
  field_order: string | null;
  ms: number;
  problem: string | null;
  created_by: string;
  started_at: Date;
  finished_at: Date | null;
}

/** A running load without a heartbeat for `timeoutMicroseconds` is cut off, whatever its stored status. */
const columns = `id, table_name, options, mode, header, dry_run, max_rejects, on_error, allow_empty, retry_of, owner,
  received, inserted, updated, rejected, staged, byte_count, line_count, digest, state, field_order, ms, problem, created_by,
  started_at, finished_at,
  IF(status = 'running' AND beat_at < UTC_TIMESTAMP(3) - INTERVAL :timeoutMicroseconds MICROSECOND, 'cut off', status) AS status`;

/** A load with the state that the next attempt needs. */
export interface StoredLoad {
  load: Load;
  options: LoadOptions;
  progress: LoadProgress;
  owner: string;
  /** The serialized problem of a load that failed or was cancelled. */
  problem: string | null;
}

function toStoredLoad(row: LoadRow): StoredLoad {
  const options = optionsOf(row);
  const progress: LoadProgress = {
    received: row.received,
    inserted: row.inserted,
    updated: row.updated,
    rejected: row.rejected,
    staged: row.staged,
    bytes: row.byte_count,
    ms: row.ms,
    lines: row.line_count,
    digest: row.digest,
    ...stateOf(row),
  };
  const { facts } = progress;
  return {
    load: {
      id: row.id,
      table: options.table,
      mode: options.mode,
      dryRun: options.dryRun,
      status: row.status,
      ...countsOf(options, row.status, progress),
      deleted: progress.deleted,
      format: facts?.format ?? null,
      dialect: facts?.dialect ?? null,
      confidence: facts?.confidence ?? null,
      doubts: facts?.doubts ?? [],
      reasons: progress.reasons,
      ...paceOf(row.status, progress),
      retryOf: row.retry_of,
      differences: progress.differences,
      undoneAt: progress.undoneAt ?? null,
      createdBy: row.created_by,
      startedAt: row.started_at.toISOString(),
      finishedAt: row.finished_at?.toISOString() ?? null,
      rejectsUrl: rejectsUrl(row.id),
    },
    options,
    progress,
    owner: row.owner,
    problem: row.problem,
  };
}

function optionsOf(row: LoadRow): LoadOptions {
  const options = row.options === null ? earlierOptions(row) : JSON.parse(row.options);
  return { ...defaultLoadOptions, ...options, table: row.table_name, retryOf: row.retry_of };
}

function earlierOptions(row: LoadRow): Partial<LoadOptions> {
  return {
    mode: row.mode ?? defaultLoadOptions.mode,
    header: row.header ?? defaultLoadOptions.header,
    dryRun: row.dry_run === 1,
    maxRejects: row.max_rejects,
    onError: row.on_error ?? defaultLoadOptions.onError,
    allowEmpty: row.allow_empty === 1,
  };
}

/** The parts of the progress that are one column, as JSON. */
type LoadState = Omit<LoadProgress, keyof LoadCounts | "lines" | "digest">;

function stateOf(row: LoadRow): LoadState {
  const { fieldOrder, facts, deleted, reasons, bytesSent, bytesTotal } = initialProgress;
  const initial = { fieldOrder, facts, deleted, reasons, bytesSent, bytesTotal, written: null, differences: null };
  if (row.state !== null) return { ...initial, ...JSON.parse(row.state) };
  return { ...initial, fieldOrder: row.field_order === null ? null : row.field_order.split(",").map(Number) };
}

export async function findLoadById(
  db: Queries,
  id: number,
  heartbeatTimeoutMs: number,
): Promise<StoredLoad | undefined> {
  const [rows] = await db.query<LoadRow[]>(`SELECT ${columns} FROM ingest_loads WHERE id = :id`, {
    id,
    timeoutMicroseconds: heartbeatTimeoutMs * 1000,
  });
  return rows[0] && toStoredLoad(rows[0]);
}

export async function findLoadByKey(
  db: Queries,
  key: string,
  heartbeatTimeoutMs: number,
): Promise<StoredLoad | undefined> {
  const [rows] = await db.query<LoadRow[]>(`SELECT ${columns} FROM ingest_loads WHERE request_key = :key`, {
    key,
    timeoutMicroseconds: heartbeatTimeoutMs * 1000,
  });
  return rows[0] && toStoredLoad(rows[0]);
}

/** Which loads are listed. */
export interface LoadFilter {
  table?: string | undefined;
  status?: LoadStatus | undefined;
  /** The username of the account that started them. */
  createdBy?: string | undefined;
  /** The load whose rejected rows they send again. */
  retryOf?: number | undefined;
  /** Started at this time or later, and before that one. */
  from?: Date | undefined;
  until?: Date | undefined;
}

const isLost = "beat_at < UTC_TIMESTAMP(3) - INTERVAL :timeoutMicroseconds MICROSECOND";

/** The conditions of a filter, and the index that finds the fewest loads for it. */
function conditionsOf({ table, status, createdBy, retryOf, from, until }: LoadFilter): {
  index: string;
  conditions: string[];
} {
  const conditions: string[] = [];
  let index = "ingest_loads_newest";
  if (status !== undefined) {
    index = "ingest_loads_by_status";
    // A load whose process has died is stored as running.
    if (status === "running") conditions.push(`status = 'running' AND NOT ${isLost}`);
    else if (status === "cut off") {
      conditions.push(`status IN ('cut off', 'running') AND (status = 'cut off' OR ${isLost})`);
    } else conditions.push("status = :status");
  }
  if (createdBy !== undefined) {
    index = "ingest_loads_by_account";
    conditions.push("created_by = :createdBy");
  }
  if (table !== undefined) {
    index = "ingest_loads_of_table";
    conditions.push("table_name = :table");
  }
  if (retryOf !== undefined) {
    index = "ingest_loads_retried";
    conditions.push("retry_of = :retryOf");
  }
  if (from !== undefined) conditions.push("started_at >= :from");
  if (until !== undefined) conditions.push("started_at < :until");
  return { index, conditions };
}

/** The statement that lists loads, newest first, after the one that started at `:at` with the id `:id` if `isNext`. */
export function listStatement(filter: LoadFilter, isNext: boolean): string {
  const { index, conditions } = conditionsOf(filter);
  if (isNext) conditions.push("started_at <= :at AND (started_at < :at OR id < :id)");
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  return `SELECT ${columns} FROM ingest_loads FORCE INDEX (${index}) ${where} ORDER BY started_at DESC, id DESC LIMIT :limit`;
}

/** Loads, newest first, after the one that started at `before.startedAt` (ISO 8601) with the id `before.id`. */
export async function listLoads(
  db: Queries,
  filter: LoadFilter,
  page: { limit: number; before?: { startedAt: string; id: number } | undefined },
  heartbeatTimeoutMs: number,
): Promise<Load[]> {
  const [rows] = await db.query<LoadRow[]>(listStatement(filter, page.before !== undefined), {
    ...filter,
    timeoutMicroseconds: heartbeatTimeoutMs * 1000,
    limit: page.limit,
    at: page.before && new Date(page.before.startedAt),
    id: page.before?.id,
  });
  return rows.map((row) => ({ ...toStoredLoad(row).load, differences: null }));
}

/** Inserts a new running load and returns its id; `undefined` when the key is in use. */
export async function insertLoad(
  db: Queries,
  { table, retryOf, ...options }: LoadOptions,
  { owner, key, accountId, createdBy }: { owner: string; key: string | null; accountId: number; createdBy: string },
): Promise<number | undefined> {
  try {
    const [result] = await db.query<ResultSetHeader>(
      `INSERT INTO ingest_loads
        (table_name, options, state, retry_of, status, request_key, owner, account_id, created_by, started_at, beat_at)
        VALUES (:table, :options, '{"written":0}', :retryOf, 'running', :key, :owner, :accountId, :createdBy, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
      { table, retryOf, options: JSON.stringify(options), owner, key, accountId, createdBy },
    );
    return result.insertId;
  } catch (error) {
    if (mysqlErrorNumber(error) === duplicateEntry) return undefined;
    throw error;
  }
}

/** Marks a load as undone, in the transaction that does; its key is free for another load. */
export async function markUndone(connection: Queries, id: number): Promise<void> {
  await connection.query(
    `UPDATE ingest_loads SET state = JSON_SET(state, '$.undoneAt', :now), request_key = NULL WHERE id = :id`,
    { id, now: new Date().toISOString() },
  );
}

/** Releases a key whose load has failed, or whose validity has expired. */
export async function releaseKey(db: Queries, key: string): Promise<void> {
  await db.query(
    `UPDATE ingest_loads SET request_key = NULL
      WHERE request_key = :key AND (status = 'failed'
        OR GREATEST(beat_at, COALESCE(finished_at, beat_at)) <= UTC_TIMESTAMP(3) - INTERVAL ${keyHours} HOUR)`,
    { key },
  );
}

/** Transfers a load to another attempt if it still belongs to `from`. Whether it did. */
export async function claimLoad(db: Queries, id: number, from: string, owner: string): Promise<boolean> {
  const [result] = await db.query<ResultSetHeader>(
    `UPDATE ingest_loads SET owner = :owner, status = 'running', beat_at = UTC_TIMESTAMP(3), finished_at = NULL
      WHERE id = :id AND owner = :from AND status IN ('running', 'cut off')`,
    { id, from, owner },
  );
  return result.affectedRows === 1;
}

const whereOwned = "WHERE id = :id AND owner = :owner AND status = 'running'";

/** Records that an attempt is alive. Whether it still owns the load. */
export async function heartbeat(db: Queries, id: number, owner: string): Promise<boolean> {
  const [result] = await db.query<ResultSetHeader>(`UPDATE ingest_loads SET beat_at = UTC_TIMESTAMP(3) ${whereOwned}`, {
    id,
    owner,
  });
  return result.affectedRows === 1;
}

/** Records the progress of an attempt, in the transaction of its rows. Whether it still owns the load. */
export async function saveProgress(db: Queries, id: number, owner: string, progress: LoadProgress): Promise<boolean> {
  const { received, inserted, updated, rejected, staged, bytes, lines, digest, ms, ...state } = progress;
  const [result] = await db.query<ResultSetHeader>(
    `UPDATE ingest_loads SET received = :received, inserted = :inserted, updated = :updated, rejected = :rejected,
      staged = :staged, byte_count = :bytes, line_count = :lines, digest = :digest, state = :state, ms = :ms, beat_at = UTC_TIMESTAMP(3)
      ${whereOwned}`,
    {
      received,
      inserted,
      updated,
      rejected,
      staged,
      bytes,
      lines,
      digest,
      ms,
      state: JSON.stringify(state),
      id,
      owner,
    },
  );
  return result.affectedRows === 1;
}

/** Ends an attempt. Whether it still owned the load. */
export async function endLoad(
  db: Queries,
  id: number,
  owner: string,
  end: { status: Exclude<LoadStatus, "running">; ms: number; problem?: string },
): Promise<boolean> {
  const [result] = await db.query<ResultSetHeader>(
    `UPDATE ingest_loads SET status = :status, ms = :ms, problem = :problem, finished_at = UTC_TIMESTAMP(3) ${whereOwned}`,
    { problem: null, ...end, id, owner },
  );
  return result.affectedRows === 1;
}

/**
 * Cancels a load that has not ended, in any process: its attempt can commit nothing more. `problem` is returned for its key. Whether
 * the load was cancelled.
 */
export async function markCancelled(db: Queries, id: number, problem: string): Promise<boolean> {
  const [result] = await db.query<ResultSetHeader>(
    `UPDATE ingest_loads SET status = 'cancelled', problem = :problem, finished_at = UTC_TIMESTAMP(3)
      WHERE id = :id AND status IN ('running', 'cut off')`,
    { id, problem },
  );
  return result.affectedRows === 1;
}
