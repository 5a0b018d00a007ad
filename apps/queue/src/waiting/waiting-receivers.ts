import type { Claim } from "../commands/queue-commands.ts";
import { type Waiter, type WaitingLine, waitingLine } from "./waiting-line.ts";
import type { WakeSignal, WakeSignals } from "./wake-signals.ts";

/** How a receiver waits: at most `waitMs`, and until `signal` aborts because it has disconnected. */
export interface WaitOptions extends Pick<Waiter, "claim" | "release"> {
  waitMs: number;
  signal: AbortSignal;
}

/** The receivers of this process that wait for messages: one line for each queue. */
export interface WaitingReceivers extends AsyncDisposable {
  hasWaiting(queue: string): boolean;
  /**
   * Serves the receivers that wait in this process, once a command that adds messages is on its way to Redis: the claim follows it on the
   * same connection, so a receiver need not wait until the queue announces the messages.
   */
  serve(queue: string): void;
  /** Resolves with messages, or with undefined when the time is up or the receiver has disconnected. */
  waitForMessages(queue: string, options: WaitOptions): Promise<Claim | undefined>;
  /**
   * Until it is disposed of, `settled` is called with the ids of messages that were acked or nacked in any process, while the queue has
   * streams; with "missed" when it may have missed some. Resolves once it listens.
   */
  onSettled(queue: string, settled: (ids: string[] | "missed") => void): Promise<Disposable>;
  /** Ends the waiting of all receivers, present and future, with no messages: the process is about to stop. */
  close(): void;
}

interface OpenLine {
  line: WaitingLine;
  subscribed: Promise<void>;
  settled: Set<(ids: string[] | "missed") => void>;
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

  const closeLater = (queue: string, open: OpenLine) => {
    clearTimeout(open.idleTimer);
    open.idleTimer = setTimeout(() => {
      if (open.line.size() === 0 && open.settled.size === 0) closeLine(queue, open);
    }, idleMs).unref();
  };

  const lineFor = (queue: string): OpenLine => {
    const known = lines.get(queue);
    if (known) {
      clearTimeout(known.idleTimer);
      return known;
    }
    const line = waitingLine(() => closeLater(queue, open));
    const settled: OpenLine["settled"] = new Set();
    const wake = (signal: WakeSignal) => {
      if (signal !== "change") for (const listener of settled) listener(signal);
      if (!Array.isArray(signal)) line.serve();
    };
    const open: OpenLine = { line, settled, subscribed: signals.subscribe(queue, wake), idleTimer: undefined };
    open.subscribed.catch(() => closeLine(queue, open));
    lines.set(queue, open);
    return open;
  };

  const close = () => {
    closed = true;
    for (const end of ends) end();
  };

  return {
    serve: (queue) => lines.get(queue)?.line.serve(),
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

    async onSettled(queue, settled) {
      const open = lineFor(queue);
      open.settled.add(settled);
      const end = () => {
        open.settled.delete(settled);
        closeLater(queue, open);
      };
      try {
        await open.subscribed;
      } catch (error) {
        end();
        throw error;
      }
      return { [Symbol.dispose]: end };
    },

    close,

    async [Symbol.asyncDispose]() {
      close();
      for (const [queue, open] of lines) closeLine(queue, open);
      await signals[Symbol.asyncDispose]();
    },
  };
}
