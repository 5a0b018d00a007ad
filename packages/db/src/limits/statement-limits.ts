/** Default time limit of a statement, in seconds; see `StatementLimits`. */
export const defaultStatementSeconds = 5;

/** Time limit of a statement of a health check, in seconds. */
export const healthSeconds = 2;

/**
 * Default for how long a transaction may be idle between two statements, in seconds; then the server ends it. Its
 * process was stopped or cannot be reached, and others wait for its locks.
 */
export const defaultIdleSeconds = 10;

/** The time limits of a pool. */
export interface StatementLimits {
  /** The server ends a statement after this many seconds; 0 for no limit. */
  seconds: number;
  /** The server ends a transaction that is idle for this many seconds. */
  idleSeconds: number;
  /** Whether a statement is cancelled when the client of its request disconnects. */
  endsWithClient: boolean;
  /** Timeout of the driver, in ms; 2 s more than the limit of the server by default. */
  timeoutMs?: number | undefined;
}

/**
 * The timeout of the driver, in ms. It is longer than the server's limit, whose error says more, and applies when the
 * server does not respond at all. No limit if the server has none.
 */
export function timeoutOf({ seconds, timeoutMs }: StatementLimits): number {
  if (timeoutMs !== undefined) return timeoutMs;
  return seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1000 + 2000;
}

/** Options of a pool of connections to MySQL or Postgres. */
export interface PoolOptions {
  connections?: number | undefined;
  /** The name in metrics, and in the list of connections of Postgres. */
  name?: string | undefined;
  /** Time limit of a statement, and of waiting for a connection, in seconds; 0 for no limit; default 5. */
  statementSeconds?: number | undefined;
  /** Timeout of the driver in ms, if it is to be shorter: for connecting, for a free connection, for a response. */
  timeoutMs?: number | undefined;
  /** The server ends a transaction that is idle for this many seconds; default 10. */
  idleSeconds?: number | undefined;
  /** Whether a statement is cancelled when the client of its request disconnects; for pools that only read. */
  endsWithClient?: boolean | undefined;
  /** MySQL: whether DECIMAL, BIGINT, JSON, dates and times are texts, as the server sent them, and no digit is lost. */
  exact?: boolean | undefined;
}
