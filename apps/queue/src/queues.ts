import { Problem } from "@quintet/http";
import type { DueCommands } from "./commands/due-commands.ts";
import type { QueueCommands, QueueState } from "./commands/queue-commands.ts";
import type { RegistryCommands } from "./commands/registry-commands.ts";
import { type Flow, flowOf } from "./flow.ts";
import type { Moves } from "./moves.ts";
import { BrokenQueue, brokenBy, noSettings } from "./queue-faults.ts";
import { noSuchQueue } from "./queue-problem.ts";
import { fromFields, type QueueSettings, toFields } from "./settings.ts";

export interface QueueDeps {
  commands: QueueCommands;
  registry: RegistryCommands;
  moves: Moves;
  due: DueCommands;
}

/** A queue as it is shown. */
export interface QueueView extends QueueSettings {
  name: string;
  /** ISO 8601. */
  createdAt: string;
  counts: {
    /** May be received now. */
    ready: number;
    /** Stand behind another message of their group. */
    blocked: number;
    delayed: number;
    leased: number;
    /** All of them, and those that are on their way to another queue. */
    length: number;
  };
  flow: Flow;
  /** On their way to another queue, which has not got them yet. */
  moving: number;
}

/**
 * Makes a queue or replaces its settings; answers whether it is new. The list of queues and the queue itself are two keys that may
 * live on different servers: the list comes first, and is written again when a removal came between.
 */
export async function putQueue(deps: QueueDeps, name: string, settings: QueueSettings): Promise<boolean> {
  const { registry, commands } = deps;
  let created = false;
  do {
    const outcome = await registry.register(name, settings.deadLetterQueue);
    if (outcome !== "ok") throw refusedDeadLetterQueue(outcome, name, settings.deadLetterQueue);
    created = (await commands.configure(name, toFields(settings))) || created;
  } while (!(await registry.isRegistered(name)));
  return created;
}

function refusedDeadLetterQueue(why: "missing" | "circle", name: string, goal: string | null): Problem {
  const circle =
    goal === name ? "must be another queue" : "must not send its own dead letters to this queue, directly or by others";
  const message = why === "missing" ? `there is no queue ${goal}` : circle;
  return new Problem("unprocessable", `deadLetterQueue: ${message}`, {
    errors: [{ path: "deadLetterQueue", message }],
  });
}

/** Removes a queue with all that is in it. Throws when there is none, and when another's dead letters go there. */
export async function removeQueue({ registry, commands, moves }: QueueDeps, name: string): Promise<void> {
  const wasListed = await registry.isRegistered(name);
  const dependent = await registry.unregister(name);
  if (dependent !== undefined) {
    throw new Problem("conflict", `The queue ${name} is the dead-letter queue of ${dependent}.`);
  }
  // Of one that is broken nothing can be brought anywhere.
  const removeRest = async () => void (await commands.destroy(name, { broken: true }));
  for (;;) {
    const outcome = await commands.destroy(name);
    if (outcome === "gone") return;
    if (outcome === "none") return wasListed ? removeRest() : noSuchQueue(name);
    try {
      // What is on its way to another queue is no longer in this one, so it is not lost with it.
      for (const error of (await moves.deliver(name)).failed.values()) throw error;
    } catch (error) {
      if (error instanceof BrokenQueue && error.queue === name) return removeRest();
      throw error;
    }
  }
}

/** Removes every message of a queue, those that are leased or delayed too. */
export async function purgeQueue({ commands }: QueueDeps, name: string): Promise<void> {
  if ((await commands.purge(name)) === undefined) noSuchQueue(name);
}

type OneQueueView = Omit<QueueView, "moving"> & { deadLetters: number | null };

/** A queue with its counts, and how many messages its dead-letter queue holds: null without one. */
export async function getQueue(deps: QueueDeps, name: string): Promise<OneQueueView> {
  const { moving: _, ...view } = viewOf(name, (await settled(deps, name)) ?? noSuchQueue(name));
  const goal = view.deadLetterQueue;
  const dead = goal === null ? undefined : await listed(deps, goal);
  return { ...view, deadLetters: dead && "counts" in dead ? dead.counts.length : null };
}

/** A queue that stands in the list and cannot be used. */
export interface BrokenView {
  name: string;
  why: string;
}

/** At most `limit` queues by name, those after `after`, which of them are broken, and whether there are more. */
export async function listQueues(
  deps: QueueDeps,
  page: { limit: number; after: string | undefined },
): Promise<{ queues: QueueView[]; broken: BrokenView[]; last: string | undefined }> {
  const names = await deps.registry.names(page.after, page.limit + 1);
  const shown = names.slice(0, page.limit);
  const views = await Promise.all(shown.map((name) => listed(deps, name)));
  return {
    queues: views.filter((view) => "counts" in view),
    broken: views.filter((view) => "why" in view),
    last: names.length > page.limit ? shown.at(-1) : undefined,
  };
}

/** A queue as the list has it. One that is broken is no reason not to see the others. */
async function listed(deps: QueueDeps, name: string): Promise<QueueView | BrokenView> {
  try {
    const state = await settled(deps, name);
    if (state) return viewOf(name, state);
    // The sweep notes it for health and metrics.
    await deps.due.mark(name, 0).catch(() => {});
    return { name, why: noSettings };
  } catch (error) {
    const broken = brokenBy(name, error);
    if (!broken) throw error;
    return { name, why: broken.why };
  }
}

/** Brings a queue up to the present, what it has in its outbox included. */
export async function settled(deps: QueueDeps, name: string): Promise<QueueState | undefined> {
  for (let failed = false; ; ) {
    const state = await deps.commands.settle(name);
    const isMoving = state !== undefined && state.outgoing > 0 && !failed;
    if (!isMoving && !state?.unsettled) return state;
    // What cannot be brought where it goes stays on its way; whoever comes next brings it.
    if (isMoving) failed = (await deps.moves.deliver(name)).failed.size > 0;
  }
}

/** A queue as it is shown; throws when its settings cannot be read. */
export function viewOf(name: string, state: QueueState): QueueView {
  const { ready, delayed, leased, outgoing, length } = state;
  const settings = fromFields(state.settings);
  const createdAt = new Date(Number(state.settings.createdAt));
  const numbers = [createdAt.getTime(), ...Object.values(settings).filter((value) => typeof value === "number")];
  if (numbers.some(Number.isNaN)) throw new BrokenQueue(name, "its settings cannot be read");
  return {
    name,
    ...settings,
    createdAt: createdAt.toISOString(),
    counts: { ready, blocked: length - ready - delayed - leased - outgoing, delayed, leased, length },
    flow: flowOf(state),
    moving: outgoing,
  };
}
