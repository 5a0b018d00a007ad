import { setTimeout as delay } from "node:timers/promises";

/** Before the second attempt there is a pause of at most twice this, in ms; it doubles with each attempt, and is a random share of that. */
const pauseMs = 20;

/** Deadlock, and lock wait timeout, by the numbers of MySQL and MariaDB. */
const numbers = new Set([1213, 1205]);
/** Deadlock, and serialization failure, by the codes of Postgres. */
const codes = new Set(["40P01", "40001"]);

/** Which errors another attempt is made after, and how long. */
export interface RetryRules {
  maxAttempts?: number;
  /** Nothing is repeated that has taken longer, in ms. */
  withinMs?: number;
  isRetryable?: (error: unknown) => boolean;
}

/** Attempts at one piece of work, counted and timed from the first. */
export class DeadlockRetries {
  readonly #rules: Required<RetryRules>;
  readonly #began = performance.now();
  #made = 1;

  constructor({ maxAttempts = 5, withinMs = 4000, isRetryable = isDeadlock }: RetryRules = {}) {
    this.#rules = { maxAttempts, withinMs, isRetryable };
  }

  /** How long to wait before another attempt, in ms; undefined when there is none, or the error is another one. Follows `cause`. */
  pauseAfter(error: unknown): number | undefined {
    const { maxAttempts, withinMs, isRetryable } = this.#rules;
    if (!isRetryable(error) || this.#made === maxAttempts || performance.now() - this.#began > withinMs)
      return undefined;
    return Math.random() * pauseMs * 2 ** this.#made++;
  }
}

/**
 * Runs a transaction, and runs it again after a deadlock or a lock wait timeout: five attempts within 4 s unless `rules` say otherwise.
 * `transaction` must keep nothing from an attempt that failed, outside the database. Rejects with the last error.
 */
export async function retryOnDeadlock<T>(transaction: () => Promise<T>, rules?: RetryRules): Promise<T> {
  const retries = new DeadlockRetries(rules);
  for (;;) {
    try {
      return await transaction();
    } catch (error) {
      const pause = retries.pauseAfter(error);
      if (pause === undefined) throw error;
      await delay(pause);
    }
  }
}

/** Whether the database ended a transaction, or a wait for a lock, so that others could go on. Follows `cause`. */
export function isDeadlock(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ("errno" in at && typeof at.errno === "number" && numbers.has(at.errno)) return true;
    if ("code" in at && typeof at.code === "string" && codes.has(at.code)) return true;
  }
  return false;
}
