/** Requests to stop this process: signals, and promises for them. */
export interface StopRequests {
  /** Aborted by the first request. */
  signal: AbortSignal;
  /** Resolves at the same moment. */
  first: Promise<void>;
  /** Resolves at the second request: do not wait any longer. */
  again: Promise<void>;
}

// One Ctrl-C arrives up to three times: from the terminal, from npm and from bootstrap.mjs.
const BURST_MS = 1_000;

/** Listens for these signals; signals within a second of the first count as one request. */
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
