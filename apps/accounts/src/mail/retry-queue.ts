import type { Logger } from "@quintet/http";

/** A task that is retried when it rejects. */
export type RetriedTask = () => Promise<void>;

export interface RetryQueue extends AsyncDisposable {
  /** Queues a task; returns false when the queue is full. */
  add(task: RetriedTask): boolean;
}

const pausesMs = [1000, 5000, 30_000, 120_000, 300_000];

/**
 * Runs tasks in the background, `atOnce` at a time; at most `max` are queued. A task that fails is retried after 1 s, 5 s, 30 s, 2 and
 * 5 minutes, and then dropped, as are those that remain on disposal; both are logged.
 */
export function createRetryQueue(options: {
  log: Logger;
  max?: number;
  atOnce?: number;
  pauses?: number[];
}): RetryQueue {
  const { log, max = 500, atOnce = 4, pauses = pausesMs } = options;
  const ready: { task: RetriedTask; attempt: number }[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  let closed = false;

  const attempt = async (one: { task: RetriedTask; attempt: number }) => {
    try {
      await one.task();
    } catch (error) {
      const pause = pauses[one.attempt];
      if (pause === undefined || closed) {
        log.error({ err: error }, "Mail dropped after the last retry");
        return;
      }
      if (one.attempt === 0) log.warn({ err: error }, "Mail could not be sent; retrying");
      const timer = setTimeout(() => {
        timers.delete(timer);
        ready.push({ task: one.task, attempt: one.attempt + 1 });
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
    add(task) {
      if (closed || ready.length + timers.size + running.size >= max) return false;
      ready.push({ task, attempt: 0 });
      next();
      return true;
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      const left = ready.length + timers.size;
      for (const timer of timers) clearTimeout(timer);
      if (left > 0) log.warn(`${left} mails dropped at shutdown`);
      await Promise.all(running);
    },
  };
}
