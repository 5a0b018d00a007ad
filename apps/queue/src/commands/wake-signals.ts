import { blockingRedis, type Redis } from "@quintet/db";
import { wakeChannel } from "../keys.ts";

/** Hears when a queue may have something new, from whichever process it comes. */
export interface WakeSignals extends AsyncDisposable {
  /** From the moment this resolves, `wake` is called at each change, and when changes may have been missed. */
  listen(queue: string, wake: () => void): Promise<void>;
  unlisten(queue: string): void;
}

/** Signals over one connection of their own, which is opened at the first `listen`. */
export function wakeSignals(redis: Redis, prefix: string): WakeSignals {
  const listeners = new Map<string, () => void>();
  let subscriber: Redis | undefined;

  const wakeAll = () => {
    for (const wake of listeners.values()) wake();
  };
  const open = (): Redis => {
    const opened = blockingRedis(redis);
    opened.on("message", (channel: string) => listeners.get(channel)?.());
    // After a break: subscribe again first, then look for what came meanwhile. While Redis is away, looking fails, which is told.
    opened.on("close", wakeAll);
    opened.on("ready", () => {
      if (listeners.size === 0) return;
      opened.subscribe(...listeners.keys()).then(wakeAll, () => {});
    });
    return opened;
  };

  return {
    async listen(queue, wake) {
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
    unlisten(queue) {
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
