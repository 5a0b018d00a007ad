import { availableParallelism } from "node:os";
import { gauge, Problem } from "@quintet/http";

const waitingNow = gauge("quintet_password_hashes_waiting", "Password hashes that wait for their turn.");
const runningNow = gauge("quintet_password_hashes_running", "Password hashes that are being computed.");

/** Runs work in the order in which it comes, a few at once; beyond the waiting room it refuses. */
export type HashQueue = <T>(work: () => Promise<T>) => Promise<T>;

const mostAtOnce = 4;

/** How many passwords one of so many equal processes hashes at once: its share of the cores, one at least and four at most. */
export function hashesAtOnce(processes: number, cores = availableParallelism()): number {
  return Math.min(mostAtOnce, Math.max(1, Math.floor(cores / Math.max(1, processes))));
}

/**
 * The queue for password hashes: each takes 19 MiB and tens of milliseconds of a core, so that `atOnce` run,
 * `waiting` may wait, and the next one gets a 503 with `Retry-After`.
 */
export function createHashQueue({ atOnce, waiting = 32 * atOnce }: { atOnce: number; waiting?: number }): HashQueue {
  let running = 0;
  const room: (() => void)[] = [];
  return async (work) => {
    if (running >= atOnce) {
      if (room.length >= waiting) {
        throw new Problem("unavailable", "Too many sign-ins are being checked just now.", {
          headers: { "Retry-After": "1" },
        });
      }
      waitingNow.inc();
      await new Promise<void>((resolve) => room.push(resolve)); // Its turn is handed over: `running` stays as it is.
    } else {
      running++;
      runningNow.inc();
    }
    try {
      return await work();
    } finally {
      const next = room.shift();
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
