import { commandKeys, queueKey, wakeChannel } from "../keys.ts";
import { type Caller, callerArgument, system } from "./caller.ts";
import type { RunCommand } from "./load.ts";

/** The state of a redrive that runs, or ran, as a task. */
export const redriveStates = ["running", "completed", "cancelled", "failed"] as const;
export type RedriveState = (typeof redriveStates)[number];

/** A redrive as a task. Times are ms since 1970; undefined means none, or no limit. */
export interface RedriveTask {
  id: string;
  state: RedriveState;
  /** The destination; undefined for the queues that the messages came from. */
  to: string | undefined;
  perSecond: number | undefined;
  max: number | undefined;
  moved: number;
  /** How many there were to move when it began, more or less. */
  of: number;
  startedAt: number;
  endedAt: number | undefined;
  /** Why it failed. */
  error: string | undefined;
}

/** Which messages a redrive moves, and where to. */
export interface RedriveSelection {
  /** The destination; "" for the queues that the messages came from. */
  to: string;
  /** Whether messages that were sent to the queue itself go to the destination too. */
  all: boolean;
  /** Only these messages; none for all. */
  ids: string[];
}

/** The commands of redrives that run as tasks. Each returns `undefined` when the queue does not exist. */
export function redriveCommands(run: RunCommand, prefix: string) {
  const keysOf = (queue: string) => [...commandKeys(queue), queueKey(queue, "redrives")];
  const start = (queue: string, caller: Caller, right: "receive" | "read") => [
    wakeChannel(prefix, queue),
    callerArgument(caller, right),
  ];

  return {
    /** Starts a task with this id. Returns the task that runs now: another one, when that was running. */
    async start(
      queue: string,
      caller: Caller,
      task: RedriveSelection & { id: string; max: number | undefined; perSecond: number | undefined },
    ): Promise<RedriveTask | undefined> {
      const { id, max, perSecond, to, all, ids } = task;
      const args = [...start(queue, caller, "receive"), id, max ?? "", perSecond ?? "", to, Number(all), ...ids];
      const reply = (await run("start-redrive-14", keysOf(queue), args)) as TaskReply | null;
      return reply ? taskOf(reply) : undefined;
    },

    /**
     * Runs the next step of the running task, unless another process runs it. `goesOn` tells whether this process is to run another one in
     * `waitMs`; `unknown` are queues that must be in `known` then, which tells whether the `caller`, who started the task, may send to them.
     */
    async step(
      queue: string,
      options: { runner: string; leaseMs: number; known: Map<string, boolean> },
    ): Promise<{ goesOn: boolean; waitMs: number; outgoing: number; caller: Caller; unknown: string[] } | undefined> {
      const known = [...options.known].flatMap(([name, exists]) => [name, Number(exists)]);
      const args = [...start(queue, system, "receive"), options.runner, options.leaseMs, ...known];
      const reply = (await run("step-redrive-14", keysOf(queue), args)) as
        | [string, number, number, string, ...string[]]
        | null;
      if (!reply) return undefined;
      const [goesOn, waitMs, outgoing, account, ...unknown] = reply;
      const caller = account === "" ? system : { accountId: Number(account), isStaff: false };
      return { goesOn: goesOn === "1", waitMs, outgoing, caller, unknown };
    },

    /** Cancels a task, unless it has ended. Returns it as it is then, "missing" when there is none with this id. */
    async cancel(queue: string, caller: Caller, id: string): Promise<RedriveTask | "missing" | undefined> {
      const args = [...start(queue, caller, "receive"), id];
      const reply = (await run("cancel-redrive-14", keysOf(queue), args)) as TaskReply | [] | null;
      if (!reply) return undefined;
      return reply.length === 0 ? "missing" : taskOf(reply);
    },

    /** The last tasks of a queue, at most 20, the newest first. */
    async list(queue: string, caller: Caller): Promise<RedriveTask[] | undefined> {
      const reply = (await run("list-redrives-14", keysOf(queue), start(queue, caller, "read"))) as TaskReply[] | null;
      return reply?.map(taskOf).sort((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? -1 : 1));
    },
  };
}

export type RedriveCommands = ReturnType<typeof redriveCommands>;

type Optional<T> = T | "";
type TaskReply = [
  id: string,
  state: RedriveState,
  to: string,
  perSecond: Optional<number>,
  max: Optional<number>,
  moved: number,
  of: number,
  startedAt: number,
  endedAt: Optional<number>,
  error: string,
];

function taskOf([id, state, to, perSecond, max, moved, of, startedAt, endedAt, error]: TaskReply): RedriveTask {
  return {
    id,
    state,
    to: to || undefined,
    perSecond: perSecond || undefined,
    max: max || undefined,
    moved,
    of,
    startedAt,
    endedAt: endedAt || undefined,
    error: error || undefined,
  };
}
