/** Work that is done again and again in the background. */
export interface Sweeping extends AsyncDisposable {
  /** Begins; once is enough. */
  start(): void;
}

/**
 * Runs `sweep` every `everyMs` from its start on, one run at a time; `signal` tells it to end. `onError` hears of the first of several
 * failures. Disposing of it waits for the run that is in flight.
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
