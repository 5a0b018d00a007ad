import type { QueueState } from "../commands/queue-commands.ts";

/**
 * How many messages have entered and left a queue since it was created:
 * `sent + movedIn = acked + expired + purged + movedOut + the messages in it`. `received` counts deliveries. The messages that a queue
 * had when an earlier version without counters was replaced count as sent.
 */
export interface Flow {
  sent: number;
  received: number;
  acked: number;
  expired: number;
  purged: number;
  /** Accepted from other queues, or returned because their destination did not exist. */
  movedIn: number;
  /** Accepted by other queues. */
  movedOut: number;
}

type Counted = Pick<QueueState, "settings" | "length" | "outgoing">;

/** The flow, from the counters in the settings hash; `commands/parts/queue.lua` describes them. */
export function flowOf({ settings, length, outgoing }: Counted): Flow {
  // A queue of a version without counters, which no command could write to yet.
  const fields: Record<string, string> =
    settings.lastBefore === undefined ? { last: String(length), moves: String(outgoing) } : settings;
  const number = (name: string) => Number(fields[name] ?? 0);
  const movedIn = number("movedIn");
  return {
    sent: number("last") - number("lastBefore") - movedIn,
    received: number("received"),
    acked: number("acked"),
    expired: number("expired"),
    purged: number("purged"),
    movedIn,
    movedOut: number("moves") - number("movesBefore") - outgoing,
  };
}
