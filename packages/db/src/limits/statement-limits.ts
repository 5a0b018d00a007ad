/** How long the statements of a pool may take, in seconds, unless told; see `StatementLimits`. */
export const defaultStatementSeconds = 5;

/** How long the statement of a check of health may take, in seconds. */
export const healthSeconds = 2;

/**
 * How long a transaction may stand still between two statements, in seconds, unless told: then the server ends it. Its process was
 * stopped, or cannot be reached, and others wait for what it has locked.
 */
export const defaultIdleSeconds = 10;

/** What a pool's statements are held to. */
export interface StatementLimits {
  /** The server ends a statement after this; 0 for no limit. */
  seconds: number;
  /** The server ends a transaction that stands still for so long. */
  idleSeconds: number;
  /** Whether a statement is ended when the client of its request has gone. */
  endsWithClient: boolean;
  /** How long the driver is waited for, in ms; 2 s longer than the server unless set. */
  timeoutMs?: number | undefined;
}

/**
 * How long the driver is waited for, in ms: longer than the server's own limit, which says more; it holds where the server
 * does not answer at all. No limit without a server's.
 */
export function timeoutOf({ seconds, timeoutMs }: StatementLimits): number {
  if (timeoutMs !== undefined) return timeoutMs;
  return seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1000 + 2000;
}
