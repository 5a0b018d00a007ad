import { randomUUID } from "node:crypto";
import { Problem } from "@quintet/http";
import type { Caller } from "../commands/caller.ts";
import type { QueueCommands } from "../commands/queue-commands.ts";
import type { RedriveCommands, RedriveSelection, RedriveTask } from "../commands/redrive-commands.ts";
import type { RegistryCommands } from "../commands/registry-commands.ts";
import { queueNotFound } from "../queue-errors.ts";
import { isFifoQueue } from "../queues/settings.ts";
import type { RedriveRunner } from "./redrive-runner.ts";
import type { Transfers } from "./transfers.ts";

export interface RedriveDeps {
  commands: QueueCommands;
  registry: RegistryCommands;
  transfers: Transfers;
  redriveTasks: RedriveCommands;
  redriveRunner: RedriveRunner;
}

/** What a redrive moves: by default all dead letters of a queue, back to where they came from. */
export interface RedriveOptions {
  /** Only messages with these ids. */
  ids?: string[] | undefined;
  max?: number | undefined;
  /** Another queue that they go to. */
  to?: string | undefined;
}

/**
 * Moves the dead letters that are in a queue now, and returns how many. Throws 404 when the queue does not exist, 422 for a destination that
 * does not exist or cannot take them, 403 when the caller may not receive from the queue or not send to the destination.
 */
export async function redrive(
  deps: RedriveDeps,
  queue: string,
  options: RedriveOptions,
  caller: Caller,
): Promise<number> {
  const selection = await selectionOf(deps, queue, options, caller);
  return deps.transfers.redrive(queue, { ...selection, max: options.max }, caller);
}

/**
 * Starts to move the dead letters that are in a queue now, at most `perSecond` in a second, as a task that goes on when this process ends.
 * Throws what `redrive` throws, and 409 while another redrive of the queue runs as a task.
 */
export async function startRedrive(
  deps: RedriveDeps,
  queue: string,
  options: RedriveOptions & { perSecond?: number | undefined },
  caller: Caller,
): Promise<RedriveTask> {
  const { max, perSecond } = options;
  const selection = await selectionOf(deps, queue, options, caller);
  const id = randomUUID();
  const task =
    (await deps.redriveTasks.start(queue, caller, { ...selection, id, max, perSecond })) ?? queueNotFound(queue);
  if (task.id !== id) throw new Problem("conflict", `Redrive ${task.id} of queue ${queue} is running.`);
  deps.redriveRunner.start(queue);
  return task;
}

/** The last redrives of a queue that run or ran as tasks, at most 20, the newest first. Throws 404 when the queue does not exist. */
export async function listRedrives(deps: RedriveDeps, queue: string, caller: Caller): Promise<RedriveTask[]> {
  return (await deps.redriveTasks.list(queue, caller)) ?? queueNotFound(queue);
}

/** A redrive that runs or ran as a task. Throws 404 when the queue or the task does not exist. */
export async function getRedrive(deps: RedriveDeps, queue: string, id: string, caller: Caller): Promise<RedriveTask> {
  const tasks = await listRedrives(deps, queue, caller);
  return tasks.find((task) => task.id === id) ?? redriveNotFound(queue);
}

/**
 * Cancels a redrive; what it has moved stays where it is. Returns it as it is then. Throws 404 when the queue or the task does not exist,
 * 409 when the task has completed or failed.
 */
export async function cancelRedrive(
  deps: RedriveDeps,
  queue: string,
  id: string,
  caller: Caller,
): Promise<RedriveTask> {
  const task = (await deps.redriveTasks.cancel(queue, caller, id)) ?? queueNotFound(queue);
  if (task === "missing") redriveNotFound(queue);
  if (task.state !== "cancelled") throw new Problem("conflict", `Redrive ${id} has ended: it is ${task.state}.`);
  return task;
}

function redriveNotFound(queue: string): never {
  throw new Problem("not-found", `Queue ${queue} has no redrive with this id.`);
}

/** What the redrive selects, once its destination is known to be a good one. */
async function selectionOf(
  { commands, registry }: RedriveDeps,
  queue: string,
  { to, ids = [] }: RedriveOptions,
  caller: Caller,
): Promise<RedriveSelection> {
  if (to === undefined) return { to: "", all: false, ids };
  const own = commands.as(caller);
  if (!(await own.check(queue, "receive"))) queueNotFound(queue);
  if (to === queue) throw invalidDestination("must be another queue");
  if (isFifoQueue(to) !== isFifoQueue(queue)) throw invalidDestination("must be a .fifo queue too, or neither of them");
  if (!(await own.check(to, "send"))) throw invalidDestination(`queue ${to} does not exist`);
  // What was sent to a dead-letter queue was sent to be looked at and moved on.
  return { to, all: await registry.isDeadLetterQueue(queue), ids };
}

function invalidDestination(message: string): Problem {
  return new Problem("unprocessable", `to: ${message}`, { errors: [{ path: "to", message }] });
}
