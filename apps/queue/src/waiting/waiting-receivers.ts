import type { Claim } from "../commands/queue-commands.ts";
import { type Waiter, type WaitingLine, waitingLine } from "./waiting-line.ts";
import type { WakeSignals } from "./wake-signals.ts";

/** How a receiver waits: at most `waitMs`, and until `signal` aborts because it has disconnected. */
export interface WaitOptions extends Pick<Waiter, "claim" | "release"> {
  waitMs: number;
  signal: AbortSignal;
}

/** The receivers of this process that wait for messages: one line for each queue. */
export interface WaitingReceivers extends AsyncDisposable {
  hasWaiting(queue: string): boolean;
  /** Resolves with messages, or with undefined when the time is up or the receiver has disconnected. */
  waitForMessages(queue: string, options: WaitOptions): Promise<Claim | undefined>;
  /** Ends the waiting of all receivers, present and future, with no messages: the process is about to stop. */
  close(): void;
}

interface OpenLine {
  line: WaitingLine;
  subscribed: Promise<void>;
  /** Closes the line; set while nobody waits. */
  idleTimer: NodeJS.Timeout | undefined;
}

/** How long an empty line is kept: a receiver that comes back at once need not subscribe again. */
const idleMs = 30_000;

/** Lines that serve their receivers whenever a signal arrives for their queue. */
export function waitingReceivers(signals: WakeSignals): WaitingReceivers {
  const lines = new Map<string, OpenLine>();
  const ends = new Set<() => void>();
  let closed = false;

  const closeLine = (queue: string, open: OpenLine) => {
    clearTimeout(open.idleTimer);
    open.line.stop();
    if (lines.get(queue) !== open) return;
    lines.delete(queue);
    signals.unsubscribe(queue);
  };

  const lineFor = (queue: string): OpenLine => {
    const known = lines.get(queue);
    if (known) {
      clearTimeout(known.idleTimer);
      return known;
    }
    const line = waitingLine(() => {
      open.idleTimer = setTimeout(closeLine, idleMs, queue, open).unref();
    });
    const open: OpenLine = { line, subscribed: signals.subscribe(queue, line.serve), idleTimer: undefined };
    open.subscribed.catch(() => closeLine(queue, open));
    lines.set(queue, open);
    return open;
  };

  const close = () => {
    closed = true;
    for (const end of ends) end();
  };

  return {
    hasWaiting: (queue) => (lines.get(queue)?.line.size() ?? 0) > 0,

    async waitForMessages(queue, { claim, release, waitMs, signal }) {
      if (closed || signal.aborted) return undefined;
      const { promise, resolve, reject } = Promise.withResolvers<Claim | undefined>();
      const waiter: Waiter = { claim, release, deliver: resolve, fail: reject };
      const { line, subscribed } = lineFor(queue);
      line.join(waiter);
      const end = () => {
        line.leave(waiter);
        resolve(undefined);
      };
      const timer = setTimeout(end, waitMs);
      ends.add(end);
      signal.addEventListener("abort", end);
      subscribed.then(line.serve, waiter.fail);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        ends.delete(end);
        signal.removeEventListener("abort", end);
        line.leave(waiter);
      }
    },

    close,

    async [Symbol.asyncDispose]() {
      close();
      for (const [queue, open] of lines) closeLine(queue, open);
      await signals[Symbol.asyncDispose]();
    },
  };
}
