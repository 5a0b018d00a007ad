import { Problem } from "@quintet/http";
import { type Caller, system } from "../commands/caller.ts";
import type { DueCommands } from "../commands/due-commands.ts";
import type { QueueCommands, QueueState } from "../commands/queue-commands.ts";
import type { RegistryCommands } from "../commands/registry-commands.ts";
import { BrokenQueueError, noSettings, queueNotFound, toBrokenQueueError } from "../queue-errors.ts";
import type { Transfers } from "../transfers/transfers.ts";
import { type Flow, flowOf } from "./flow.ts";
import { fromRedisFields, type QueueSettings, toRedisFields } from "./settings.ts";

export interface QueueDeps {
  commands: QueueCommands;
  registry: RegistryCommands;
  transfers: Transfers;
  due: DueCommands;
}

/** A queue as the API and the metrics show it. */
export interface QueueView extends QueueSettings {
  name: string;
  /** ISO 8601. */
  createdAt: string;
  counts: {
    /** May be received now. */
    ready: number;
    /** Wait for an earlier message of their group. */
    blocked: number;
    delayed: number;
    leased: number;
    /** All of these, and those being transferred to another queue. */
    length: number;
  };
  flow: Flow;
  /** Being transferred to another queue, which has not accepted them yet. */
  moving: number;
}

/**
 * Creates a queue or replaces its settings. Returns whether it was created. Throws 422 for an invalid dead-letter queue. The registry and
 * the queue are keys that may be on different Redis nodes: the registry is written first, and again if the queue was deleted meanwhile.
 */
export async function putQueue(deps: QueueDeps, name: string, settings: QueueSettings): Promise<boolean> {
  const { registry, commands } = deps;
  let created = false;
  do {
    const outcome = await registry.register(name, settings.deadLetterQueue);
    if (outcome !== "ok") throw invalidDeadLetterQueue(outcome, name, settings.deadLetterQueue);
    created = (await commands.configure(name, toRedisFields(settings))) || created;
  } while (!(await registry.isRegistered(name)));
  return created;
}

function invalidDeadLetterQueue(why: "missing" | "cycle", name: string, deadLetterQueue: string | null): Problem {
  const cycle =
    deadLetterQueue === name
      ? "must be another queue"
      : "must not send its own dead letters to this queue, directly or through others";
  const message = why === "missing" ? `queue ${deadLetterQueue} does not exist` : cycle;
  return new Problem("unprocessable", `deadLetterQueue: ${message}`, {
    errors: [{ path: "deadLetterQueue", message }],
  });
}

/** Deletes a queue with all its messages. Throws 404 when it does not exist, 409 when it is the dead-letter queue of another. */
export async function deleteQueue({ registry, commands, transfers }: QueueDeps, name: string): Promise<void> {
  const wasRegistered = await registry.isRegistered(name);
  const dependent = await registry.unregister(name);
  if (dependent !== undefined) {
    throw new Problem("conflict", `Queue ${name} is the dead-letter queue of ${dependent}.`);
  }
  // A broken queue cannot transfer its outbox.
  const deleteBroken = async () => void (await commands.delete(name, { broken: true }));
  for (;;) {
    const outcome = await commands.delete(name);
    if (outcome === "deleted") return;
    if (outcome === "missing") return wasRegistered ? deleteBroken() : queueNotFound(name);
    try {
      // Messages in the outbox belong to another queue, so they must not be deleted with this one.
      for (const error of (await transfers.deliver(name)).failed.values()) throw error;
    } catch (error) {
      if (error instanceof BrokenQueueError && error.queue === name) return deleteBroken();
      throw error;
    }
  }
}

/** Deletes all messages of a queue, also leased and delayed ones. */
export async function purgeQueue({ commands }: QueueDeps, name: string, caller: Caller): Promise<void> {
  if ((await commands.as(caller).purge(name)) === undefined) queueNotFound(name);
}

type QueueDetails = Omit<QueueView, "moving"> & { deadLetters: number | null };

/** A queue with its counts and the number of messages in its dead-letter queue (null without one). */
export async function getQueue(deps: QueueDeps, name: string, caller: Caller): Promise<QueueDetails> {
  const { moving: _, ...view } = toQueueView(name, (await refreshQueue(deps, name, caller)) ?? queueNotFound(name));
  const { deadLetterQueue } = view;
  const dead = deadLetterQueue === null ? undefined : await viewOrBroken(deps, deadLetterQueue);
  return { ...view, deadLetters: dead && "counts" in dead ? dead.counts.length : null };
}

/** A registered queue that cannot be used, and why. */
export interface BrokenQueueView {
  name: string;
  why: string;
}

/** The first `limit` queues after the name `after`, and which of them are broken. `last` is their last name if there are more. */
export async function listQueues(
  deps: QueueDeps,
  page: { limit: number; after: string | undefined },
): Promise<{ queues: QueueView[]; broken: BrokenQueueView[]; last: string | undefined }> {
  const names = await deps.registry.names(page.after, page.limit + 1);
  const listed = names.slice(0, page.limit);
  const views = await Promise.all(listed.map((name) => viewOrBroken(deps, name)));
  return {
    queues: views.filter((view) => "counts" in view),
    broken: views.filter((view) => "why" in view),
    last: names.length > page.limit ? listed.at(-1) : undefined,
  };
}

/** A queue for the list. A broken one does not fail the whole list. */
async function viewOrBroken(deps: QueueDeps, name: string): Promise<QueueView | BrokenQueueView> {
  try {
    const state = await refreshQueue(deps, name, system);
    if (state) return toQueueView(name, state);
    // The sweep records it as broken, for health and metrics.
    await deps.due.mark(name, 0).catch(() => {});
    return { name, why: noSettings };
  } catch (error) {
    const broken = toBrokenQueueError(name, error);
    if (!broken) throw error;
    return { name, why: broken.why };
  }
}

/** Applies everything that is due in a queue, delivers its outbox, and returns its state. */
async function refreshQueue(deps: QueueDeps, name: string, caller: Caller): Promise<QueueState | undefined> {
  const commands = deps.commands.as(caller);
  for (let failed = false; ; ) {
    const state = await commands.refresh(name);
    const hasOutgoing = state !== undefined && state.outgoing > 0 && !failed;
    if (!hasOutgoing && !state?.moreDue) return state;
    // Messages that cannot be delivered stay in the outbox; a later command delivers them.
    if (hasOutgoing) failed = (await deps.transfers.deliver(name)).failed.size > 0;
  }
}

/** The view of a queue in this state. Throws `BrokenQueueError` when its settings are invalid. */
export function toQueueView(name: string, state: QueueState): QueueView {
  const { ready, delayed, leased, outgoing, length } = state;
  const settings = fromRedisFields(state.settings);
  const createdAt = new Date(Number(state.settings.createdAt));
  const numbers = [createdAt.getTime(), ...Object.values(settings).filter((value) => typeof value === "number")];
  if (numbers.some(Number.isNaN)) throw new BrokenQueueError(name, "its settings cannot be read");
  return {
    name,
    ...settings,
    createdAt: createdAt.toISOString(),
    counts: { ready, blocked: length - ready - delayed - leased - outgoing, delayed, leased, length },
    flow: flowOf(state),
    moving: outgoing,
  };
}
