import type { Planned } from "./commands/due-commands.ts";
import { brokenBy, noSettings } from "./queue-faults.ts";
import { type QueueDeps, viewOf } from "./queues.ts";

const everyMs = 1000;
/** Queues that are looked at side by side. */
const page = 50;
/** A look that was cut off is made again after so long. */
const againMs = 10_000;
/** A move that could not be made is tried again after so long, a queue that is broken is looked at again. */
const moveAgainMs = 3000;
const brokenAgainMs = 10_000;
/** The patrol looks at so many queues a second, and rests for so long when it has seen all. */
const patrolled = 10;
const restMs = 3_600_000;

/** Brings queues up to the present when something of them comes due, in one of the processes. */
export interface Sweep extends AsyncDisposable {
  /** Begins; once is enough. */
  start(): void;
}

/**
 * A queue settles whenever it is used. This is for those that nobody uses: what is too old goes, and a message whose last lease is
 * over gets to the dead-letter queue, where somebody may be waiting for it. Only queues are looked at of which something is due, so those
 * that stand idle cost nothing. One that fails holds up no other. `onError` hears of what failed.
 */
export function sweep(deps: QueueDeps, onError: (error: unknown) => void): Sweep {
  const { commands, registry, moves, due } = deps;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let current: Promise<void> = Promise.resolve();

  const lookAt = async (name: string): Promise<Planned> => {
    const state = await commands.settle(name);
    if (!state) {
      return (await registry.isRegistered(name))
        ? { name, nextMs: brokenAgainMs, broken: noSettings }
        : { name, nextMs: undefined };
    }
    viewOf(name, state); // Throws when the settings cannot be read.
    if (state.outgoing === 0) return { name, nextMs: state.dueMs };
    const { failed } = await moves.deliver(name);
    for (const error of failed.values()) onError(error);
    return { name, nextMs: failed.size > 0 ? Math.min(moveAgainMs, state.dueMs ?? moveAgainMs) : 0 };
  };

  const look = async (name: string): Promise<Planned | undefined> => {
    try {
      return await lookAt(name);
    } catch (error) {
      onError(error);
      const broken = brokenBy(name, error);
      return broken && { name, nextMs: brokenAgainMs, broken: broken.why };
    }
  };

  const round = async () => {
    await due.patrol(patrolled, restMs);
    let taken = await due.take({ sweepMs: everyMs * 0.9, max: page, againMs });
    const until = performance.now() + everyMs;
    while (taken && taken.names.length > 0) {
      const looked = await Promise.all(taken.names.map(look));
      const planned = looked.filter((one) => one !== undefined);
      if (planned.length > 0) await due.plan(taken.again, planned);
      if (taken.names.length < page || stopped || performance.now() > until) return;
      taken = await due.take({ sweepMs: 0, max: page, againMs });
    }
  };

  const next = () => {
    timer = setTimeout(() => {
      current = round()
        .catch(onError)
        .finally(() => {
          if (!stopped) next();
        });
    }, everyMs).unref();
  };

  return {
    start() {
      if (timer === undefined && !stopped) next();
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
