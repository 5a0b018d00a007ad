import { Problem } from "@quintet/http";
import { type Caller, system } from "../commands/caller.ts";
import type { DueCommands } from "../commands/due-commands.ts";
import type { QueueCommands, QueueState } from "../commands/queue-commands.ts";
import type { RegisterFault, RegistryCommands } from "../commands/registry-commands.ts";
import {
  BrokenQueueError,
  forbidden,
  isForbidden,
  noSettings,
  queueNotFound,
  toBrokenQueueError,
} from "../queue-errors.ts";
import type { Transfers } from "../transfers/transfers.ts";
import { deleteSubscriptionsOf, type SubscriptionDeps } from "../webhooks/subscriptions.ts";
import { accessOf, type QueueAccess } from "./access.ts";
import { type Flow, flowOf } from "./flow.ts";
import type { AccountLimits } from "./limits.ts";
import { fromRedisFields, isFifoQueue, type QueueSettings, toRedisFields } from "./settings.ts";

export interface QueueDeps {
  commands: QueueCommands;
  registry: RegistryCommands;
  transfers: Transfers;
  due: DueCommands;
  limits: AccountLimits;
}

/** A queue as the API and the metrics show it. */
export interface QueueView extends QueueSettings {
  name: string;
  /** ISO 8601. */
  createdAt: string;
  /** The id of the account that owns the queue; null for a queue of staff. */
  owner: number | null;
  access: QueueAccess;
  counts: {
    /** May be received now. */
    ready: number;
    /** Wait for an earlier message of their group. */
    blocked: number;
    delayed: number;
    leased: number;
    /** Were received too often, and there is no dead-letter queue. */
    dead: number;
    /** All of these, and those being transferred to another queue. */
    length: number;
  };
  flow: Flow;
  /** Size of all messages, in bytes of their stored form. */
  bytes: number;
  /** How long the message that was available first has been there, in seconds; null when none is available. */
  oldestAgeSeconds: number | null;
  /** Being transferred to another queue, which has not accepted them yet. */
  moving: number;
}

/**
 * Creates a queue or replaces its settings. Returns whether it was created. A new queue belongs to the account that calls and is private;
 * one of staff has no owner. Throws 403 when a queue of this name exists that the caller may not manage, 429 when the caller owns too many
 * queues, 422 for an invalid dead-letter queue. The registry and the queue are keys that may be on different Redis nodes: the registry is
 * written first, so that it decides whose a queue is, and again if the queue was deleted meanwhile. `also` are further fields to store with
 * the settings.
 */
export async function putQueue(
  deps: QueueDeps,
  name: string,
  settings: QueueSettings,
  caller: Caller,
  also: Record<string, string | number> = {},
): Promise<boolean> {
  const { registry, commands, limits } = deps;
  const { deadLetterQueue } = settings;
  if (deadLetterQueue !== null && isFifoQueue(deadLetterQueue) !== isFifoQueue(name)) {
    throw registerProblem("order", name, deadLetterQueue, limits);
  }
  let created = false;
  do {
    const found = await registry.register(name, { deadLetterQueue, caller, maxQueues: limits.maxQueues });
    if (typeof found === "string") throw registerProblem(found, name, deadLetterQueue, limits);
    const configured = await commands.configure(name, { ...toRedisFields(settings), ...also }, found);
    if (configured === "other") {
      if (found.isNew) await registry.unregister(name, caller);
      throw new Problem("conflict", `Another queue ${name} is being deleted, or its owner is changing; retry later.`);
    }
    created ||= configured === "created";
  } while (!(await registry.isRegistered(name)));
  return created;
}

function registerProblem(
  fault: RegisterFault | "order",
  name: string,
  deadLetterQueue: string | null,
  { maxQueues }: AccountLimits,
): Problem {
  if (fault === "taken") {
    return new Problem("forbidden", `A queue ${name} exists already, and this account may not manage it.`);
  }
  if (fault === "too-many") {
    const detail = `This account owns ${maxQueues} queues, the max number of an account (QUEUE_ACCOUNT_MAX_QUEUES).`;
    return new Problem("too-many-requests", detail, { headers: { "Retry-After": "60" } });
  }
  const cycle =
    deadLetterQueue === name
      ? "must be another queue"
      : "must not send its own dead letters to this queue, directly or through others";
  const message = {
    missing: `queue ${deadLetterQueue} does not exist`,
    "not-sent": `this account may not send to the queue ${deadLetterQueue}`,
    cycle,
    order: isFifoQueue(name) ? "must be a .fifo queue as well" : "must not be a .fifo queue",
  }[fault];
  return new Problem(fault === "not-sent" ? "forbidden" : "unprocessable", `deadLetterQueue: ${message}`, {
    errors: [{ path: "deadLetterQueue", message }],
  });
}

/**
 * Deletes a queue with all its messages and subscriptions. Throws 404 when it does not exist, 403 when the caller may not manage it, 409 when it is the
 * dead-letter queue of another.
 */
export async function deleteQueue(
  deps: QueueDeps & Pick<SubscriptionDeps, "subscriptions">,
  name: string,
  caller: Caller,
): Promise<void> {
  const { registry, transfers } = deps;
  const unregistered = await registry.unregister(name, caller);
  if (unregistered === "forbidden") throw forbidden(name, "manage");
  if (typeof unregistered === "object") {
    throw new Problem("conflict", `Queue ${name} is the dead-letter queue of ${unregistered.neededBy}.`);
  }
  // The registry has found the caller to have the right; only the settings know it of a queue that is left from an interrupted deletion.
  const wasRegistered = unregistered === "removed";
  const commands = deps.commands.as(wasRegistered ? system : caller);
  if (wasRegistered) await deleteSubscriptionsOf(deps.subscriptions, name);
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

export type QueueDetails = Omit<QueueView, "moving"> & { deadLetters: number | null };

/** A queue with its counts and the number of messages in its dead-letter queue (null without one). */
export async function getQueue(deps: QueueDeps, name: string, caller: Caller): Promise<QueueDetails> {
  const { moving: _, ...view } = toQueueView(name, (await refreshQueue(deps, name, caller)) ?? queueNotFound(name));
  const { deadLetterQueue } = view;
  const dead = deadLetterQueue === null ? undefined : await viewOrBroken(deps, deadLetterQueue, caller);
  return { ...view, deadLetters: dead && "counts" in dead ? dead.counts.length : null };
}

/** A registered queue that cannot be used, and why. */
export interface BrokenQueueView {
  name: string;
  why: string;
}

/**
 * The first `limit` queues after the name `after` that the caller may read, and which of them are broken. `last` is the name to continue
 * after, undefined at the end.
 */
export async function listQueues(
  deps: QueueDeps,
  page: { limit: number; after: string | undefined },
  caller: Caller,
): Promise<{ queues: QueueView[]; broken: BrokenQueueView[]; last: string | undefined }> {
  const { names, last } = await deps.registry.readableNames(caller, { after: page.after, max: page.limit + 1 });
  const listed = names.slice(0, page.limit);
  const views = await Promise.all(listed.map((name) => viewOrBroken(deps, name, caller)));
  return {
    queues: views.filter((view) => view !== undefined && "counts" in view),
    broken: views.filter((view) => view !== undefined && "why" in view),
    last: names.length > page.limit ? listed.at(-1) : last,
  };
}

/** A queue for the list; undefined when the caller may not read it. A broken one does not fail the whole list. */
async function viewOrBroken(
  deps: QueueDeps,
  name: string,
  caller: Caller,
): Promise<QueueView | BrokenQueueView | undefined> {
  try {
    const state = await refreshQueue(deps, name, caller);
    if (state) return toQueueView(name, state);
    // The sweep records it as broken, for health and metrics.
    await deps.due.mark(name, 0).catch(() => {});
    return { name, why: noSettings };
  } catch (error) {
    if (isForbidden(error)) return undefined;
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
  const { ready, delayed, leased, outgoing, dead, length, bytes, oldestAgeMs } = state;
  const settings = fromRedisFields(state.settings);
  const createdAt = new Date(Number(state.settings.createdAt));
  const { owner, ...access } = accessOf(state.settings);
  const numbers = [createdAt.getTime(), ...Object.values(settings).filter((value) => typeof value === "number")];
  if (numbers.some(Number.isNaN)) throw new BrokenQueueError(name, "its settings cannot be read");
  return {
    name,
    ...settings,
    createdAt: createdAt.toISOString(),
    owner,
    access,
    counts: { ready, blocked: length - ready - delayed - leased - outgoing - dead, delayed, leased, dead, length },
    flow: flowOf(state),
    bytes,
    oldestAgeSeconds: oldestAgeMs === undefined ? null : oldestAgeMs / 1000,
    moving: outgoing,
  };
}
