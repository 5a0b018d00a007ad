import type { Claim } from "../commands/queue-commands.ts";
import { isForbidden } from "../queue-errors.ts";

/** While receivers wait, the queue is asked again at least this often: it announces messages only for a while after it was asked. */
const maxSilentMs = 20_000;

/** A receiver that waits. */
export interface Waiter {
  /** Claims messages for this receiver. */
  claim(): Promise<Claim>;
  /** Releases messages that were claimed for a receiver that has left meanwhile. */
  release(claim: Claim): Promise<void>;
  deliver(claim: Claim): void;
  fail(error: unknown): void;
}

/** The receivers of this process that wait at one queue: first come, first served. */
export interface WaitingLine {
  join(waiter: Waiter): void;
  leave(waiter: Waiter): void;
  /** Serves as many receivers as possible; to be called when the queue may have changed. */
  serve(): void;
  /** How many receivers wait. */
  size(): number;
  stop(): void;
}

/**
 * A line without polling: it serves when `serve` is called, and by itself when something in the queue becomes due. `onIdle` is called when
 * the last receiver has left.
 */
export function waitingLine(onIdle: () => void): WaitingLine {
  const waiting = new Set<Waiter>();
  let serving = false;
  let serveAgain = false;
  let timer: NodeJS.Timeout | undefined;

  const leave = (waiter: Waiter): boolean => {
    const waited = waiting.delete(waiter);
    if (waited && waiting.size === 0) {
      clearTimeout(timer);
      onIdle();
    }
    return waited;
  };

  /** Claims for a receiver. One that has lost its right to the queue fails alone, and the next one is served. */
  const claimFor = (waiter: Waiter): Promise<Claim> =>
    waiter.claim().catch((error: unknown) => {
      if (!isForbidden(error)) throw error;
      if (leave(waiter)) waiter.fail(error);
      return { messages: [], lease: "", leaseEnd: 0, nextChangeMs: -1, stillReady: 1, outgoing: 0 };
    });

  const serveOne = async (waiter: Waiter): Promise<Claim> => {
    const claim = await claimFor(waiter);
    if (claim.messages.length === 0) return claim;
    if (leave(waiter)) waiter.deliver(claim);
    else await waiter.release(claim);
    return claim;
  };

  const scheduleNextServe = ({ nextChangeMs }: Claim) => {
    clearTimeout(timer);
    if (waiting.size === 0) return;
    // Redis counts whole milliseconds: one more, and the change has happened.
    timer = setTimeout(serve, nextChangeMs < 0 ? maxSilentMs : Math.min(nextChangeMs + 1, maxSilentMs));
  };

  /** The longest waiting receivers. Only these are touched: the cost of serving must not grow with the number that wait. */
  const longestWaiting = (count: number): Waiter[] => waiting.values().take(count).toArray();

  /** One receiver claims first; while more messages are ready, as many claim at once as there are messages. */
  const serveAll = async () => {
    let claiming = 1;
    while (claiming > 0 && waiting.size > 0) {
      serveAgain = false;
      const claims = await Promise.all(longestWaiting(claiming).map(serveOne));
      const last = claims.at(-1);
      if (!last) return;
      scheduleNextServe(last);
      claiming = last.stillReady > 0 ? last.stillReady : Number(serveAgain);
    }
  };

  const serve = () => {
    serveAgain = true;
    if (serving || waiting.size === 0) return;
    serving = true;
    serveAll()
      .catch((error: unknown) => {
        for (const waiter of [...waiting]) {
          leave(waiter);
          waiter.fail(error);
        }
      })
      .finally(() => {
        serving = false;
        if (serveAgain && waiting.size > 0) serve();
      });
  };

  return {
    join: (waiter) => waiting.add(waiter),
    leave,
    serve,
    size: () => waiting.size,
    stop: () => clearTimeout(timer),
  };
}
