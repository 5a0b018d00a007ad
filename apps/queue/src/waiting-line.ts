import type { Claim } from "./commands/queue-commands.ts";

/** A receiver that waits. */
export interface Waiter {
  /** Tries to get messages for this receiver now. */
  claim(): Promise<Claim>;
  /** Takes back what was claimed for a receiver that has gone meanwhile. */
  giveBack(claim: Claim): Promise<void>;
  answer(claim: Claim): void;
  fail(error: unknown): void;
}

/** The receivers of this process that wait at one queue: first come, first served. */
export interface WaitingLine {
  join(waiter: Waiter): void;
  leave(waiter: Waiter): void;
  /** Serves as many as can be served; called when something may have changed. */
  look(): void;
  /** How many wait. */
  size(): number;
  stop(): void;
}

/**
 * A line that nobody polls for: it looks when it is told to, and by itself when the next delay or lease ends.
 * `onIdle` is called when the last one has left.
 */
export function waitingLine(onIdle: () => void): WaitingLine {
  const waiting = new Set<Waiter>();
  let serving = false;
  let lookAgain = false;
  let timer: NodeJS.Timeout | undefined;

  const leave = (waiter: Waiter): boolean => {
    const waited = waiting.delete(waiter);
    if (waited && waiting.size === 0) {
      clearTimeout(timer);
      onIdle();
    }
    return waited;
  };

  const serve = async (waiter: Waiter): Promise<Claim> => {
    const claim = await waiter.claim();
    if (claim.messages.length === 0) return claim;
    if (leave(waiter)) waiter.answer(claim);
    else await waiter.giveBack(claim);
    return claim;
  };

  const lookAtNextChange = ({ nextChangeMs }: Claim) => {
    clearTimeout(timer);
    if (nextChangeMs < 0 || waiting.size === 0) return;
    // The clock of Redis counts whole milliseconds: one more, and the change has come.
    timer = setTimeout(look, nextChangeMs + 1);
  };

  /** Those who have waited the longest. Only they are touched: a look must not cost the more the more wait. */
  const first = (count: number): Waiter[] => waiting.values().take(count).toArray();

  /** One asks first; while more is ready, as many ask at once as there are messages left. */
  const serveAll = async () => {
    let asking = 1;
    while (asking > 0 && waiting.size > 0) {
      lookAgain = false;
      const claims = await Promise.all(first(asking).map(serve));
      const last = claims.at(-1);
      if (!last) return;
      lookAtNextChange(last);
      asking = last.stillReady > 0 ? last.stillReady : Number(lookAgain);
    }
  };

  const look = () => {
    lookAgain = true;
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
        if (lookAgain && waiting.size > 0) look();
      });
  };

  return {
    join: (waiter) => waiting.add(waiter),
    leave,
    look,
    size: () => waiting.size,
    stop: () => clearTimeout(timer),
  };
}
