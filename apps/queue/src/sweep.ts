import { type Sweeping, sweeping } from "@quintet/db";
import type { Inspection } from "./commands/due-commands.ts";
import type { FigureCommands } from "./commands/figure-commands.ts";
import { toRecorded } from "./figures/figures.ts";
import { noSettings, toBrokenQueueError } from "./queue-errors.ts";
import { type QueueDeps, type QueueView, toQueueView } from "./queues/queues.ts";
import type { RedriveRunner } from "./transfers/redrive-runner.ts";

const intervalMs = 1000;
/** How many queues are inspected in parallel. */
const batchSize = 50;
/** When an interrupted inspection is repeated. */
const retryMs = 10_000;
/** When a failed transfer is retried, and when a broken queue is inspected again. */
const transferRetryMs = 3000;
const brokenRecheckMs = 10_000;
/** When a queue is inspected again whose redrive runs as a task. */
const redriveRecheckMs = 1000;
/** A scan marks this many queues a second; a new one begins this long after the last has ended. */
const scannedPerSecond = 50;
const scanIntervalMs = 3_600_000;

/** The result of an inspection, and the queue if it can be used. */
type Inspected = Inspection & { view?: QueueView };

/**
 * Keeps queues up to date that nobody uses, in one process at a time.
 *
 * Every command on a queue applies what has become due in it. The sweep does this for queues that nobody uses: expired messages are
 * removed, and messages whose last lease has ended move to the dead-letter queue, where a receiver may wait for them. Only queues with
 * something due are inspected, so idle queues cost nothing. A queue that fails delays no other; its error goes to `onError`.
 *
 * What an inspection finds is recorded as the figures of the queue. Commands that change a queue mark it as due, so its figures follow.
 */
export function createSweep(
  deps: QueueDeps & { figures: FigureCommands; redriveRunner: RedriveRunner },
  onError: (error: unknown) => void,
): Sweeping {
  const { commands, registry, transfers, due, figures, redriveRunner } = deps;

  const inspect = async (name: string): Promise<Inspected> => {
    const state = await commands.refresh(name);
    if (!state) {
      return (await registry.isRegistered(name))
        ? { name, nextMs: brokenRecheckMs, broken: noSettings }
        : { name, nextMs: undefined };
    }
    const view = toQueueView(name, state); // Throws when the settings are invalid.
    // The process that ran its redrive may have ended.
    const isRedriven = Boolean(state.settings.redrive);
    if (isRedriven) redriveRunner.start(name);
    const dueMs = isRedriven ? Math.min(redriveRecheckMs, state.dueMs ?? redriveRecheckMs) : state.dueMs;
    if (state.outgoing === 0) return { name, nextMs: dueMs, view };
    const { failed } = await transfers.deliver(name);
    for (const error of failed.values()) onError(error);
    return { name, nextMs: failed.size > 0 ? Math.min(transferRetryMs, dueMs ?? transferRetryMs) : 0, view };
  };

  const tryInspect = async (name: string): Promise<Inspected | undefined> => {
    try {
      return await inspect(name);
    } catch (error) {
      onError(error);
      const broken = toBrokenQueueError(name, error);
      return broken && { name, nextMs: brokenRecheckMs, broken: broken.why };
    }
  };

  const round = async (stopping: AbortSignal) => {
    await due.scan(scannedPerSecond, scanIntervalMs);
    let batch = await due.take({ sweepMs: intervalMs * 0.9, max: batchSize, retryMs });
    const until = performance.now() + intervalMs;
    while (batch && batch.names.length > 0) {
      const inspected = (await Promise.all(batch.names.map(tryInspect))).filter((one) => one !== undefined);
      const recorded = inspected.map(({ name, view }) => (view ? toRecorded(view) : { name, found: undefined }));
      if (recorded.length > 0) await figures.record(recorded).catch(onError);
      if (inspected.length > 0) await due.reschedule(batch.retryAt, inspected);
      if (batch.names.length < batchSize || stopping.aborted || performance.now() > until) return;
      batch = await due.take({ sweepMs: 0, max: batchSize, retryMs });
    }
  };

  return sweeping(round, { everyMs: intervalMs, onError });
}
