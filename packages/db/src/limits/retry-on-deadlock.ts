import { setTimeout as delay } from "node:timers/promises";

const attempts = 5;
/** Nothing is repeated that has taken longer: whoever waited for a lock all that time has waited enough. */
const withinMs = 4000;
/** The pause before the second attempt, in ms, at most; it doubles with each, and each is a random share of that. */
const pauseMs = 20;

/** Deadlock, and lock wait timeout, by the numbers of MySQL and MariaDB. */
const numbers = new Set([1213, 1205]);
/** Deadlock, and serialization failure, by the codes of Postgres. */
const codes = new Set(["40P01", "40001"]);

/** Attempts at one piece of work, counted and timed from the first. */
export class DeadlockRetries {
  readonly #began = performance.now();
  #made = 1;

  /** How long to wait before another attempt, in ms; undefined when there is none, or the error is another one. Follows `cause`. */
  pauseAfter(error: unknown): number | undefined {
    if (!isDeadlock(error) || this.#made === attempts || performance.now() - this.#began > withinMs) return undefined;
    return Math.random() * pauseMs * 2 ** this.#made++;
  }
}

/**
 * Runs a transaction again, five times at most, when the database ended it so that others could go on. So `transaction` keeps nothing
 * of an attempt that failed outside of the database. Rejects with the last error.
 */
export async function retryOnDeadlock<T>(transaction: () => Promise<T>): Promise<T> {
  const retries = new DeadlockRetries();
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

function isDeadlock(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ("errno" in at && typeof at.errno === "number" && numbers.has(at.errno)) return true;
    if ("code" in at && typeof at.code === "string" && codes.has(at.code)) return true;
  }
  return false;
}
