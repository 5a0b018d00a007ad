import { type Redis, subscriberRedis } from "@quintet/db";
import { wakeChannel } from "../keys.ts";

export type WakeSignal = "change" | "missed" | string[];

/** Signals that a queue may have something new, from all processes. */
export interface WakeSignals extends AsyncDisposable {
  /**
   * Once this resolves, `wake` is called at each change, when changes may have been missed, and, while the queue has streams, with the ids
   * of messages that were acked or nacked.
   */
  subscribe(queue: string, wake: (signal: WakeSignal) => void): Promise<void>;
  unsubscribe(queue: string): void;
}

/** Signals over a connection of their own, which is opened at the first `subscribe`. */
export function wakeSignals(redis: Redis, prefix: string): WakeSignals {
  const listeners = new Map<string, (signal: WakeSignal) => void>();
  let subscriber: ReturnType<typeof subscriberRedis> | undefined;

  const wakeAll = () => {
    for (const wake of listeners.values()) wake("missed");
  };
  const open = () => {
    const opened = subscriberRedis(redis);
    opened.on("message", (channel: string, text: string) => {
      listeners.get(channel)?.(text === "" ? "change" : text.split(" "));
    });
    // After a reconnect, subscribe again first, then wake all for what they missed. While Redis is unavailable, the receivers that are woken
    // fail, which reports it to their clients.
    opened.on("close", wakeAll);
    opened.on("ready", () => {
      if (listeners.size === 0) return;
      opened.subscribe(...listeners.keys()).then(wakeAll, () => {});
    });
    return opened;
  };

  return {
    async subscribe(queue, wake) {
      subscriber ??= open();
      const channel = wakeChannel(prefix, queue);
      const known = listeners.has(channel);
      listeners.set(channel, wake);
      if (known) return;
      try {
        await subscriber.subscribe(channel);
      } catch (error) {
        listeners.delete(channel);
        throw error;
      }
    },
    unsubscribe(queue) {
      const channel = wakeChannel(prefix, queue);
      if (!listeners.delete(channel)) return;
      subscriber?.unsubscribe(channel).catch(() => {});
    },
    async [Symbol.asyncDispose]() {
      listeners.clear();
      subscriber?.disconnect();
    },
  };
}
