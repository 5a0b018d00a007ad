/** What the outside asked of this process so far, and promises for what it may still ask. */
export interface StopRequests {
  /** Aborted by the first request to stop. */
  signal: AbortSignal;
  /** Resolves at the same moment. */
  first: Promise<void>;
  /** Resolves when somebody does not want to wait any longer. */
  again: Promise<void>;
}

// One Ctrl-C comes up to three times: from the terminal, from npm and from bootstrap.mjs.
const BURST_MS = 1_000;

/** Listens for these signals from now on; those that come in a burst are one request. */
export function stopRequests(signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"]): StopRequests {
  const first = Promise.withResolvers<void>();
  const again = Promise.withResolvers<void>();
  const abort = new AbortController();
  let firstAt: number | undefined;
  const request = () => {
    const now = performance.now();
    firstAt ??= now;
    if (now - firstAt > BURST_MS) again.resolve();
    else abort.abort();
  };
  for (const signal of signals) process.on(signal, request);
  abort.signal.addEventListener("abort", () => first.resolve());
  return { signal: abort.signal, first: first.promise, again: again.promise };
}
