/** A store did not answer in the time that it has; what was sent may have been done or not. */
export class StatementTimeout extends Error {
  override name = "StatementTimeout";
  readonly code = "STATEMENT_TIMEOUT";

  constructor(ms: number) {
    super(`The store did not answer within ${ms / 1000} s`);
  }
}

/** A deadline that is not over: `at` is of `performance.now()`. */
interface Timer {
  at: number;
  expire: () => void;
}

const sweepMs = 200;
const timers = new Set<Timer>();
let sweeping: NodeJS.Timeout | undefined;

/** Calls `expire` once after `ms`, give or take a fifth of a second, unless what is returned is called before. A timer per statement would cost more. */
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

/** What `work` comes to; rejects with `StatementTimeout`, and calls `expire`, when that takes longer than `ms`. */
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
