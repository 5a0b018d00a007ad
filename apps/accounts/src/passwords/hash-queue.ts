import { availableParallelism } from "node:os";
import { gauge, Problem } from "@quintet/http";

const waitingNow = gauge("quintet_password_hashes_waiting", "Password hashes that wait for their turn.");
const runningNow = gauge("quintet_password_hashes_running", "Password hashes that are being computed.");

/** Runs work in order, a few at a time; throws a 503 when too many wait. */
export type HashQueue = <T>(work: () => Promise<T>) => Promise<T>;

const maxAtOnce = 4;

/** How many passwords each of `processes` equal processes hashes at once: its share of the cores, at least 1 and at most 4. */
export function hashesAtOnce(processes: number, cores = availableParallelism()): number {
  return Math.min(maxAtOnce, Math.max(1, Math.floor(cores / Math.max(1, processes))));
}

/**
 * The queue of password hashes. Each takes 19 MiB and tens of milliseconds of a core, so at most `atOnce` run and `waiting` wait; the
 * next one is a 503 with `Retry-After`.
 */
export function createHashQueue({ atOnce, waiting = 32 * atOnce }: { atOnce: number; waiting?: number }): HashQueue {
  let running = 0;
  const queue: (() => void)[] = [];
  return async (work) => {
    if (running >= atOnce) {
      if (queue.length >= waiting) {
        throw new Problem("unavailable", "Too many sign-ins at the moment.", {
          headers: { "Retry-After": "1" },
        });
      }
      waitingNow.inc();
      await new Promise<void>((resolve) => queue.push(resolve)); // Its place is handed over, so `running` does not change.
    } else {
      running++;
      runningNow.inc();
    }
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) {
        waitingNow.dec();
        next();
      } else {
        running--;
        runningNow.dec();
      }
    }
  };
}
