import { setTimeout as delay } from "node:timers/promises";

/** Base of the pause between attempts, in ms: a random share of this times 2, 4, 8 … */
const pauseMs = 20;

/** Error numbers of MySQL and MariaDB: deadlock, lock wait timeout. */
const numbers = new Set([1213, 1205]);
/** Error codes of Postgres: deadlock, serialization failure. */
const codes = new Set(["40P01", "40001"]);

/** When another attempt is made. */
export interface RetryRules {
  maxAttempts?: number;
  /** No further attempt is made after this time, in ms. */
  withinMs?: number;
  isRetryable?: (error: unknown) => boolean;
}

/** Counts and times the attempts at one piece of work. */
export class DeadlockRetries {
  readonly #rules: Required<RetryRules>;
  readonly #began = performance.now();
  #made = 1;

  constructor({ maxAttempts = 5, withinMs = 4000, isRetryable = isDeadlock }: RetryRules = {}) {
    this.#rules = { maxAttempts, withinMs, isRetryable };
  }

  /** The pause before the next attempt, in ms; undefined if there is none. Looks at the `cause` of an error as well. */
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

/**
 * Whether the database ended a transaction, or a wait for a lock, to resolve a conflict. Looks at the `cause` as well.
 */
export function isDeadlock(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ("errno" in at && typeof at.errno === "number" && numbers.has(at.errno)) return true;
    if ("code" in at && typeof at.code === "string" && codes.has(at.code)) return true;
  }
  return false;
}
