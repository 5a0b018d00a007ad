/** A store did not respond in time; the statement may have been executed or not. */
export class StatementTimeout extends Error {
  override name = "StatementTimeout";
  readonly code = "STATEMENT_TIMEOUT";

  constructor(ms: number) {
    super(`The store did not respond within ${ms / 1000} s`);
  }
}

/** A running timer; `at` is a time of `performance.now()`. */
interface Timer {
  at: number;
  expire: () => void;
}

const sweepMs = 200;
const timers = new Set<Timer>();
let sweeping: NodeJS.Timeout | undefined;

/**
 * Calls `expire` after `ms`, within 200 ms, unless the returned function is called before. One interval serves all
 * statements: a timer per statement would cost more.
 */
export function startTimer(ms: number, expire: () => void): () => void {
  if (ms === Number.POSITIVE_INFINITY) return () => {};
  const one = { at: performance.now() + ms, expire };
  timers.add(one);
  sweeping ??= setInterval(sweep, sweepMs).unref();
  return () => {
    timers.delete(one);
  };
}

function sweep(): void {
  const now = performance.now();
  for (const one of timers) {
    if (one.at > now) continue;
    timers.delete(one);
    one.expire();
  }
  if (timers.size > 0) return;
  clearInterval(sweeping);
  sweeping = undefined;
}

/** The result of `work`; after `ms` it rejects with `StatementTimeout` and calls `expire`. */
export function withTimeout<T>(ms: number, work: Promise<T>, expire: () => void): Promise<T> {
  if (ms === Number.POSITIVE_INFINITY) return work;
  return new Promise((resolve, reject) => {
    const done = startTimer(ms, () => {
      reject(new StatementTimeout(ms));
      expire();
    });
    work.then(
      (result) => {
        done();
        resolve(result);
      },
      (error) => {
        done();
        reject(error);
      },
    );
  });
}
