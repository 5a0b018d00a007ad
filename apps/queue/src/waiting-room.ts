import type { Claim } from "./commands/queue-commands.ts";
import type { WakeSignals } from "./commands/wake-signals.ts";
import { type Waiter, type WaitingLine, waitingLine } from "./waiting-line.ts";

/** How a receiver waits: for how long, and what tells that it has gone. */
export interface Wait extends Pick<Waiter, "claim" | "giveBack"> {
  waitMs: number;
  signal: AbortSignal;
}

/** Where receivers wait, a line for each queue. */
export interface WaitingRoom extends AsyncDisposable {
  isAnyoneAt(queue: string): boolean;
  /** Resolves with messages, or with undefined when the time is over or the receiver has gone. */
  wait(queue: string, wait: Wait): Promise<Claim | undefined>;
  /** Answers all who wait, and all who come later, with nothing: the process is about to stop. */
  close(): void;
}

interface Place {
  line: WaitingLine;
  listening: Promise<void>;
  /** Gives the place up; set while nobody waits. */
  idle: NodeJS.Timeout | undefined;
}

/** How long an empty line is kept: a receiver that comes back at once need not subscribe anew. */
const idleMs = 30_000;

/** A room whose lines look whenever `signals` says so. */
export function waitingRoom(signals: WakeSignals): WaitingRoom {
  const places = new Map<string, Place>();
  const ends = new Set<() => void>();
  let closed = false;

  const giveUp = (queue: string, place: Place) => {
    clearTimeout(place.idle);
    place.line.stop();
    if (places.get(queue) !== place) return;
    places.delete(queue);
    signals.unlisten(queue);
  };

  const placeAt = (queue: string): Place => {
    const known = places.get(queue);
    if (known) {
      clearTimeout(known.idle);
      return known;
    }
    const line = waitingLine(() => {
      place.idle = setTimeout(giveUp, idleMs, queue, place).unref();
    });
    const place: Place = { line, listening: signals.listen(queue, line.look), idle: undefined };
    place.listening.catch(() => giveUp(queue, place));
    places.set(queue, place);
    return place;
  };

  const close = () => {
    closed = true;
    for (const end of ends) end();
  };

  return {
    isAnyoneAt: (queue) => (places.get(queue)?.line.size() ?? 0) > 0,

    async wait(queue, { claim, giveBack, waitMs, signal }) {
      if (closed || signal.aborted) return undefined;
      const { promise, resolve, reject } = Promise.withResolvers<Claim | undefined>();
      const waiter: Waiter = { claim, giveBack, answer: resolve, fail: reject };
      const { line, listening } = placeAt(queue);
      line.join(waiter);
      const end = () => {
        line.leave(waiter);
        resolve(undefined);
      };
      const timer = setTimeout(end, waitMs);
      ends.add(end);
      signal.addEventListener("abort", end);
      listening.then(line.look, waiter.fail);
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
      for (const [queue, place] of places) giveUp(queue, place);
      await signals[Symbol.asyncDispose]();
    },
  };
}
