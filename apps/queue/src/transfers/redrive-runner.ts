import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Caller } from "../commands/caller.ts";
import type { RedriveCommands } from "../commands/redrive-commands.ts";
import type { Transfers } from "./transfers.ts";

/** How long no other process takes over a redrive whose next step does not come. */
const leaseMs = 3000;
/** The shortest and the longest time between two steps of a redrive with a rate. */
const minWaitMs = 100;
const maxWaitMs = 1000;
/** The time to the next step when messages could not be delivered. */
const retryMs = 1000;

/** Runs the redrives that are tasks: one step after the other, until they have ended. */
export interface RedriveRunner extends AsyncDisposable {
  /** Runs the running redrive of a queue, unless this process or another one does so already. */
  start(queue: string): void;
}

/**
 * A redrive is stored with the queue, and each of its steps is atomic, so any process can run the next one. The process that started it does
 * so. When that ends, or a step fails, the sweep finds the redrive and starts it again where the sweep runs. Errors go to `onError`.
 */
export function createRedriveRunner(
  commands: RedriveCommands,
  deps: { transfers: Transfers; maySend: (queue: string, caller: Caller) => Promise<boolean> },
  onError: (error: unknown) => void,
): RedriveRunner {
  const runner = randomUUID();
  const stop = new AbortController();
  const running = new Map<string, Promise<void>>();

  /** Runs steps until there is nothing more to do for this process. */
  const run = async (queue: string): Promise<void> => {
    const known = new Map<string, boolean>();
    while (!stop.signal.aborted) {
      const step = await commands.step(queue, { runner, leaseMs, known });
      if (!step) return;
      const failed = step.outgoing > 0 && (await deps.transfers.deliver(queue)).failed.size > 0;
      if (!step.goesOn) return;
      // A queue may have been deleted since the last step.
      const names = [...known.keys(), ...step.unknown];
      await Promise.all(names.map(async (name) => known.set(name, await deps.maySend(name, step.caller))));
      if (failed) await pause(retryMs);
      else if (step.waitMs > 0) await pause(Math.min(maxWaitMs, Math.max(minWaitMs, step.waitMs)));
    }
  };

  const pause = (ms: number) => delay(ms, undefined, { ref: false, signal: stop.signal }).catch(() => {});

  return {
    start(queue) {
      if (running.has(queue) || stop.signal.aborted) return;
      running.set(
        queue,
        run(queue)
          .catch(onError)
          .finally(() => running.delete(queue)),
      );
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(running.values());
    },
  };
}
