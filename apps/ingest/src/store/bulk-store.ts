import { connectMysql, isDeadlock, type MysqlConnection, type MysqlPool, retryOnDeadlock } from "@quintet/db";
import { Problem } from "@quintet/http";

/**
 * The server does not check foreign keys on these connections: a writer locks the referenced rows itself until the transaction ends,
 * exactly as the server would, but once per batch and not once per row. See docs/decisions/csv-loading.md.
 */
const sessionSettings = `SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION',
  SESSION foreign_key_checks = 0, SESSION unique_checks = 1, SESSION max_error_count = 65535,
  SESSION innodb_lock_wait_timeout = 10, SESSION lc_messages = 'en_US'`;

const maxAttempts = 6;
/** The table that records processed requests by their Idempotency-Key. */
export const doneTable = "ingest_done_requests";

/** MySQL's error number for a duplicate key. */
export const duplicateEntry = 1062;

/** Separate connections for writing many rows, so that their session settings never affect other queries. */
export interface BulkStore extends AsyncDisposable {
  pool: MysqlPool;
  /** Whether the server accepts `LOAD DATA LOCAL INFILE`; detected at the first attempt. */
  supportsLocalInfile: boolean;
}

/** Opens no connection until it is used. `statementSeconds`: the time limit of a statement, see `connectMysql`. */
export function openBulkStore(url: string, statementSeconds?: number): BulkStore {
  const pool = connectMysql(url, { connections: 6, name: "ingest bulk", statementSeconds });
  return { pool, supportsLocalInfile: true, [Symbol.asyncDispose]: () => pool.end() };
}

/** The number of a MySQL error, 0 for anything else. */
export function mysqlErrorNumber(error: unknown): number {
  return error instanceof Error && "errno" in error && typeof error.errno === "number" ? error.errno : 0;
}

/** Thrown by `work` to release its locks and run again: what it waits for may be waiting for them. */
export class YieldLocks extends Error {
  override name = "YieldLocks";
}

/**
 * Runs `work` in one transaction at READ COMMITTED on a bulk connection. After a deadlock, a lock wait timeout or `YieldLocks` it
 * runs again, up to six times in all, then throws a 503. `work` must keep no state from a failed attempt.
 */
export async function inBulkTransaction<T>(
  store: BulkStore,
  work: (connection: MysqlConnection) => Promise<T>,
): Promise<T> {
  // One connection for all attempts: a batch must never wait for a connection that a later batch holds.
  const connection = await store.pool.getConnection();
  try {
    await connection.query(sessionSettings);
    await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    const attempt = () => transact(connection, work);
    const result = await retryOnDeadlock(attempt, { maxAttempts, withinMs: Number.POSITIVE_INFINITY, isRetryable });
    connection.release();
    return result;
  } catch (error) {
    await connection.rollback().then(
      () => connection.release(),
      () => connection.destroy(),
    );
    if (!isRetryable(error)) throw error;
    throw new Problem("unavailable", "Other requests are writing to the same rows. Retry later.", {
      headers: { "Retry-After": "5" },
      cause: error,
    });
  }
}

/** The result of a transaction that is not to be committed. */
class Reverted extends Error {
  override name = "Reverted";
  readonly result: unknown;
  constructor(result: unknown) {
    super("The transaction is not to be committed.");
    this.result = result;
  }
}

/** Runs `work` like `inBulkTransaction`, and takes back all that it has changed; what it has found is returned. */
export async function inRevertedTransaction<T>(
  store: BulkStore,
  work: (connection: MysqlConnection) => Promise<T>,
): Promise<T> {
  try {
    return await inBulkTransaction<never>(store, async (connection) => {
      throw new Reverted(await work(connection));
    });
  } catch (error) {
    if (error instanceof Reverted) return error.result as T;
    throw error;
  }
}

const isRetryable = (error: unknown) => isDeadlock(error) || error instanceof YieldLocks;

/** Commits when `work` resolves; the locks of an attempt that is repeated are released at once. */
async function transact<T>(connection: MysqlConnection, work: (connection: MysqlConnection) => Promise<T>): Promise<T> {
  try {
    await connection.beginTransaction();
    const result = await work(connection);
    await connection.commit();
    return result;
  } catch (error) {
    if (isRetryable(error)) await connection.rollback();
    throw error;
  }
}
