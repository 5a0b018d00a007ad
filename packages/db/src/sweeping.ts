/** Periodic work in the background. */
export interface Sweeping extends AsyncDisposable {
  /** Starts it; later calls, and those after disposal, have no effect. */
  start(): void;
}

/**
 * Runs `sweep` every `everyMs` after `start`, one run at a time; `signal` is aborted on disposal, which waits for the
 * current run. `onError` is called for the first of several failures.
 */
export function sweeping(
  sweep: (signal: AbortSignal) => Promise<void>,
  { everyMs, onError }: { everyMs: number; onError: (error: unknown) => void },
): Sweeping {
  const closing = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let wentWell = true;
  const run = async () => {
    try {
      await sweep(closing.signal);
      wentWell = true;
    } catch (error) {
      if (wentWell && !closing.signal.aborted) onError(error);
      wentWell = false;
    } finally {
      running = undefined;
    }
  };
  return {
    start() {
      if (closing.signal.aborted) return;
      timer ??= setInterval(() => {
        running ??= run();
      }, everyMs).unref();
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      clearInterval(timer);
      await running;
    },
  };
}
