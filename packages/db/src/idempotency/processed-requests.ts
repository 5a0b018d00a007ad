import { type KeyedRequest, keyHours, keyMismatch } from "@quintet/http";
import type { Pool, PoolConnection, ResultSetHeader, RowDataPacket } from "mysql2/promise";
import type { ISql } from "postgres";

/** The recorded result of a request. */
export interface ProcessedRequest {
  /** Null in records of earlier versions. */
  fingerprint: string | null;
  /** JSON text. */
  result: string;
}

/** The records of requests with an `Idempotency-Key`. A record is valid for two days by the clock of the store. */
export interface ProcessedRequests {
  /**
   * Creates the record of a request, in the transaction of its work, or returns the valid one. Waits for a transaction
   * that is creating the same record.
   */
  begin(request: KeyedRequest): Promise<ProcessedRequest | undefined>;
  /** Completes a record that `begin` created; `result` is JSON text. */
  complete(request: KeyedRequest, result: string): Promise<void>;
  /** The valid record of a request, if there is one. */
  find(request: KeyedRequest): Promise<ProcessedRequest | undefined>;
}

/** The result of a record that is not complete; no other transaction sees it. */
export const pending = "";

/**
 * Runs `work` once for a keyed request, however often it is sent and even if a process is killed. The result (JSON) is
 * recorded in the same transaction and returned for a repeated request; of two concurrent ones, the second waits for
 * the first. A rejection is not recorded. A different request with the same key is an `unprocessable` problem. Without
 * a key it just runs `work`.
 */
export async function runOnce<T>(
  records: ProcessedRequests,
  request: KeyedRequest | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (request === undefined) return work();
  const before = await records.begin(request);
  if (before) return resultOf(before, request);
  const result = await work();
  await records.complete(request, JSON.stringify(result));
  request.outcome = "done";
  return result;
}

/**
 * The recorded result of a request, for a check that has to run before `runOnce` because the state it reads may have
 * changed since.
 */
export async function findProcessed<T>(
  records: ProcessedRequests,
  request: KeyedRequest | undefined,
): Promise<T | undefined> {
  const before = request && (await records.find(request));
  return before && resultOf(before, request);
}

function resultOf<T>({ fingerprint, result }: ProcessedRequest, request: KeyedRequest): T {
  if (fingerprint !== null && fingerprint !== request.fingerprint) throw keyMismatch();
  request.outcome = "replayed";
  return JSON.parse(result) as T;
}

/**
 * Records in a MySQL table (`request_key`, `fingerprint`, `result`, `done_at`). `on` is the connection of a
 * transaction.
 */
export function mysqlProcessedRequests(on: Pool | PoolConnection, table: string): ProcessedRequests {
  const old = `done_at <= UTC_TIMESTAMP() - INTERVAL ${keyHours} HOUR`;
  const read = async (condition: string, key: string) => {
    const text = `SELECT fingerprint, result FROM ${table} WHERE request_key = :key ${condition}`;
    const [rows] = await on.execute<RowDataPacket[]>(text, { key });
    return rows[0] as ProcessedRequest | undefined;
  };
  return {
    async begin({ key, fingerprint }) {
      // One statement, which locks the record whether it exists or not. Assignments see earlier ones, so `done_at` comes last.
      await on.execute<ResultSetHeader>(
        `INSERT INTO ${table} (request_key, fingerprint, result, done_at)
         VALUES (:key, :fingerprint, :pending, UTC_TIMESTAMP())
         ON DUPLICATE KEY UPDATE
           fingerprint = IF(${old}, :fingerprint, fingerprint), result = IF(${old}, :pending, result),
           done_at = IF(${old}, UTC_TIMESTAMP(), done_at)`,
        { key, fingerprint, pending },
      );
      // Reads the latest version, whatever the transaction has read before.
      const record = await read("FOR UPDATE", key);
      return record?.result === pending ? undefined : record;
    },
    async complete({ key }, result) {
      await on.execute(`UPDATE ${table} SET result = :result WHERE request_key = :key`, { key, result });
    },
    find: ({ key }) => read(`AND NOT ${old}`, key),
  };
}

/** Records in a Postgres table. `sql` is a transaction. */
export function postgresProcessedRequests(sql: ISql, table: string): ProcessedRequests {
  const find = async ({ key }: KeyedRequest) => {
    const [record] = await sql<ProcessedRequest[]>`
      SELECT fingerprint, result FROM ${sql(table)}
       WHERE request_key = ${key} AND done_at > now() - make_interval(hours => ${keyHours})`;
    return record;
  };
  return {
    async begin(request) {
      const { key, fingerprint } = request;
      const { count } = await sql`
        INSERT INTO ${sql(table)} AS known (request_key, fingerprint, result, done_at)
        VALUES (${key}, ${fingerprint}, ${pending}, now())
        ON CONFLICT (request_key) DO UPDATE
          SET fingerprint = excluded.fingerprint, result = excluded.result, done_at = excluded.done_at
          WHERE known.done_at <= now() - make_interval(hours => ${keyHours})`;
      return count === 1 ? undefined : find(request);
    },
    async complete({ key }, result) {
      await sql`UPDATE ${sql(table)} SET result = ${result} WHERE request_key = ${key}`;
    },
    find,
  };
}
