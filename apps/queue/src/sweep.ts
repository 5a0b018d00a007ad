import type { Inspection } from "./commands/due-commands.ts";
import { noSettings, toBrokenQueueError } from "./queue-errors.ts";
import { type QueueDeps, toQueueView } from "./queues/queues.ts";

const intervalMs = 1000;
/** How many queues are inspected in parallel. */
const batchSize = 50;
/** When an interrupted inspection is repeated. */
const retryMs = 10_000;
/** When a failed transfer is retried, and when a broken queue is inspected again. */
const transferRetryMs = 3000;
const brokenRecheckMs = 10_000;
/** A scan marks this many queues a second; a new one begins this long after the last has ended. */
const scannedPerSecond = 10;
const scanIntervalMs = 3_600_000;

/** Keeps queues up to date that nobody uses, in one process at a time. */
export interface Sweep extends AsyncDisposable {
  /** Starts the sweep, unless it has started already. */
  start(): void;
}

/**
 * Every command on a queue applies what has become due in it. The sweep does this for queues that nobody uses: expired messages are
 * removed, and messages whose last lease has ended move to the dead-letter queue, where a receiver may wait for them. Only queues with
 * something due are inspected, so idle queues cost nothing. A queue that fails delays no other; its error goes to `onError`.
 */
export function createSweep(deps: QueueDeps, onError: (error: unknown) => void): Sweep {
  const { commands, registry, transfers, due } = deps;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let current: Promise<void> = Promise.resolve();

  const inspect = async (name: string): Promise<Inspection> => {
    const state = await commands.refresh(name);
    if (!state) {
      return (await registry.isRegistered(name))
        ? { name, nextMs: brokenRecheckMs, broken: noSettings }
        : { name, nextMs: undefined };
    }
    toQueueView(name, state); // Throws when the settings are invalid.
    if (state.outgoing === 0) return { name, nextMs: state.dueMs };
    const { failed } = await transfers.deliver(name);
    for (const error of failed.values()) onError(error);
    return { name, nextMs: failed.size > 0 ? Math.min(transferRetryMs, state.dueMs ?? transferRetryMs) : 0 };
  };

  const tryInspect = async (name: string): Promise<Inspection | undefined> => {
    try {
      return await inspect(name);
    } catch (error) {
      onError(error);
      const broken = toBrokenQueueError(name, error);
      return broken && { name, nextMs: brokenRecheckMs, broken: broken.why };
    }
  };

  const round = async () => {
    await due.scan(scannedPerSecond, scanIntervalMs);
    let batch = await due.take({ sweepMs: intervalMs * 0.9, max: batchSize, retryMs });
    const until = performance.now() + intervalMs;
    while (batch && batch.names.length > 0) {
      const inspected = (await Promise.all(batch.names.map(tryInspect))).filter((one) => one !== undefined);
      if (inspected.length > 0) await due.reschedule(batch.retryAt, inspected);
      if (batch.names.length < batchSize || stopped || performance.now() > until) return;
      batch = await due.take({ sweepMs: 0, max: batchSize, retryMs });
    }
  };

  const next = () => {
    timer = setTimeout(() => {
      current = round()
        .catch(onError)
        .finally(() => {
          if (!stopped) next();
        });
    }, intervalMs).unref();
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
