import type { Logger } from "@quintet/http";

/** Work that nobody waits for. */
export type RetriedTask = () => Promise<void>;

export interface RetryQueue extends AsyncDisposable {
  /** Takes an errand on; answers false when there are too many. */
  run(errand: RetriedTask): boolean;
}

const pausesMs = [1000, 5000, 30_000, 120_000, 300_000];

/**
 * Runs errands in the background, `atOnce` at a time, `most` in all. One that fails is tried again after 1 s, 5 s, 30 s, 2 and
 * 5 minutes, then it is given up, which is logged. What is left at the end is given up too.
 */
export function createRetryQueue(options: {
  log: Logger;
  most?: number;
  atOnce?: number;
  pauses?: number[];
}): RetryQueue {
  const { log, most = 500, atOnce = 4, pauses = pausesMs } = options;
  const ready: { errand: RetriedTask; attempt: number }[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  let closed = false;

  const attempt = async (one: { errand: RetriedTask; attempt: number }) => {
    try {
      await one.errand();
    } catch (error) {
      const pause = pauses[one.attempt];
      if (pause === undefined || closed) {
        log.error({ err: error }, "a mail was given up");
        return;
      }
      if (one.attempt === 0) log.warn({ err: error }, "a mail could not be sent; trying again");
      const timer = setTimeout(() => {
        timers.delete(timer);
        ready.push({ errand: one.errand, attempt: one.attempt + 1 });
        next();
      }, pause);
      timers.add(timer);
    }
  };
  const next = () => {
    while (!closed && running.size < atOnce) {
      const one = ready.shift();
      if (!one) return;
      const trying: Promise<void> = attempt(one).finally(() => {
        running.delete(trying);
        next();
      });
      running.add(trying);
    }
  };
  return {
    run(errand) {
      if (closed || ready.length + timers.size + running.size >= most) return false;
      ready.push({ errand, attempt: 0 });
      next();
      return true;
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      const left = ready.length + timers.size;
      for (const timer of timers) clearTimeout(timer);
      if (left > 0) log.warn(`${left} mails were given up because the process ends`);
      await Promise.all(running);
    },
  };
}
