import { type KeyedRequest, keyHours, keyMismatch } from "@quintet/http";
import type { Pool, PoolConnection, ResultSetHeader, RowDataPacket } from "mysql2/promise";
import type { ISql } from "postgres";

/** What came of a request that was recorded before. */
export interface ProcessedRequest {
  /** Null in records of versions that did not write it. */
  fingerprint: string | null;
  /** JSON text. */
  result: string;
}

/** Where an app records what it has done for which request. A record counts for two days by the store's own clock. */
export interface ProcessedRequests {
  /**
   * Begins the record of a request, in the transaction of what it does; or answers the one that counts. Waits for a transaction that is
   * just making it.
   */
  begin(request: KeyedRequest): Promise<ProcessedRequest | undefined>;
  /** Completes a record that was begun: what came of the request, as JSON text. */
  complete(request: KeyedRequest, result: string): Promise<void>;
  /** The record of a request, when there is one that counts. */
  find(request: KeyedRequest): Promise<ProcessedRequest | undefined>;
}

/** A record that is begun has this result, and no other transaction sees it. */
export const pending = "";

/**
 * Does `work` once for a request, however often that comes and whichever process is killed when: what it resolves to, JSON, is
 * recorded in its own transaction, and is the result the next time. Of two that do it at once, the second waits for the first. What
 * rejects is not recorded. Another request with the key is an `unprocessable` problem. Without a key it is just done.
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

/** What came of a request before, for a rule that cannot wait for `runOnce`: what it looks at may have changed since. */
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

/** Records in a MySQL table (`request_key`, `fingerprint`, `result`, `done_at`), on the connection of a transaction. */
export function mysqlProcessedRequests(on: Pool | PoolConnection, table: string): ProcessedRequests {
  const old = `done_at <= UTC_TIMESTAMP() - INTERVAL ${keyHours} HOUR`;
  const read = async (condition: string, key: string) => {
    const text = `SELECT fingerprint, result FROM ${table} WHERE request_key = :key ${condition}`;
    const [rows] = await on.execute<RowDataPacket[]>(text, { key });
    return rows[0] as ProcessedRequest | undefined;
  };
  return {
    async begin({ key, fingerprint }) {
      // One statement, which locks the record whether it is there or not. Assignments see those in front of them: the time comes last.
      await on.execute<ResultSetHeader>(
        `INSERT INTO ${table} (request_key, fingerprint, result, done_at)
         VALUES (:key, :fingerprint, :pending, UTC_TIMESTAMP())
         ON DUPLICATE KEY UPDATE
           fingerprint = IF(${old}, :fingerprint, fingerprint), result = IF(${old}, :pending, result),
           done_at = IF(${old}, UTC_TIMESTAMP(), done_at)`,
        { key, fingerprint, pending },
      );
      // Reads what is there now, whatever the transaction has read before.
      const record = await read("FOR UPDATE", key);
      return record?.result === pending ? undefined : record;
    },
    async complete({ key }, result) {
      await on.execute(`UPDATE ${table} SET result = :result WHERE request_key = :key`, { key, result });
    },
    find: ({ key }) => read(`AND NOT ${old}`, key),
  };
}

/** The same in a Postgres table, within a transaction. */
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
