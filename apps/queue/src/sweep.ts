import { type QueueDeps, settled } from "./queues.ts";

const everyMs = 1000;
const page = 100;

/** Brings all queues up to the present once a second, in one of the processes. */
export interface Sweep extends AsyncDisposable {
  /** Begins; once is enough. */
  start(): void;
}

/**
 * A queue settles whenever it is used. This is for those that nobody uses: what is too old goes, and a message whose last lease is
 * over gets to the dead-letter queue, where somebody may be waiting for it.
 */
export function sweep(deps: QueueDeps, onError: (error: unknown) => void): Sweep {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let current: Promise<void> = Promise.resolve();

  const round = async () => {
    if (!(await deps.registry.maySweep(everyMs * 0.9))) return;
    let names: string[];
    let after: string | undefined;
    do {
      names = await deps.registry.names(after, page);
      await Promise.all(names.map((name) => settled(deps, name)));
      after = names.at(-1);
    } while (names.length === page && !stopped);
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
