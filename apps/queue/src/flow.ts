import type { QueueState } from "./commands/queue-commands.ts";

/**
 * What came into a queue since it was created, and what left it: `sent + movedIn = acked + expired + purged + movedOut` + what is in it.
 * `received` counts deliveries. Of a queue from a version that did not count, what was in it then was sent.
 */
export interface Flow {
  sent: number;
  received: number;
  acked: number;
  expired: number;
  purged: number;
  /** From other queues, and what came back because its destination did not exist. */
  movedIn: number;
  /** To other queues, those left out that are on their way. */
  movedOut: number;
}

type Counted = Pick<QueueState, "settings" | "length" | "outgoing">;

/** The flow in the settings that Redis keeps; `commands/parts/queue.lua` says what they are. */
export function flowOf({ settings, length, outgoing }: Counted): Flow {
  // One of before that could only be looked at so far.
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
