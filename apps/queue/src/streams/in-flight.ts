import type { Delivery } from "../commands/queue-commands.ts";

/** What a stream has sent and nobody has settled yet: at most `max` messages. */
export interface InFlight {
  size(): number;
  add(delivery: Delivery, leaseMs: number): void;
  /** Removes messages that were settled. */
  settle(ids: string[]): void;
  deliveries(): Delivery[];
  /** Sets how long the leases of these last, in ms; those that have ended are removed. */
  update(deliveries: Delivery[], leftMs: number[]): void;
  /** Ms until the first lease ends; undefined when nothing is in flight. */
  firstEndMs(): number | undefined;
  /** Resolves when something was removed. */
  changed(): Promise<void>;
}

/** `now` is a monotonic clock in ms. */
export function createInFlight(now: () => number): InFlight {
  const held = new Map<string, { lease: string; until: number }>();
  let change = Promise.withResolvers<void>();

  const remove = (id: string) => {
    if (!held.delete(id)) return;
    change.resolve();
    change = Promise.withResolvers();
  };

  return {
    size: () => held.size,
    add: ({ id, lease }, leaseMs) => void held.set(id, { lease, until: now() + leaseMs }),
    settle(ids) {
      for (const id of ids) remove(id);
    },
    deliveries: () => [...held].map(([id, { lease }]) => ({ id, lease })),
    update(deliveries, leftMs) {
      for (const [i, { id, lease }] of deliveries.entries()) {
        const one = held.get(id);
        const left = leftMs[i] ?? 0;
        // It may have been settled and sent again meanwhile.
        if (one?.lease !== lease) continue;
        if (left > 0) one.until = now() + left;
        else remove(id);
      }
    },
    firstEndMs() {
      if (held.size === 0) return undefined;
      const first = Math.min(...[...held.values()].map(({ until }) => until));
      return Math.max(0, first - now());
    },
    changed: () => change.promise,
  };
}
