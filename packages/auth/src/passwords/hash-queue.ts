import { gauge, Problem } from "@quintet/http";

const waitingNow = gauge("quintet_password_hashes_waiting", "Password hashes that wait for their turn.");
const runningNow = gauge("quintet_password_hashes_running", "Password hashes that are being computed.");

/** Runs work in the order in which it comes, a few at once; beyond the waiting room it refuses. */
export type HashQueue = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * The queue for password hashes: each takes 19 MiB and tens of milliseconds of a core, so that `atOnce` run,
 * `waiting` may wait, and the next one gets a 503 with `Retry-After`.
 */
export function hashQueue({ atOnce = 2, waiting = 64 } = {}): HashQueue {
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
