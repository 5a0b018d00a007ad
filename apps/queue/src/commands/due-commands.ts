import type { Redis } from "@quintet/db";
import { isUnavailable } from "@quintet/http";
import { brokenKey, dueKey, patrolKey, queueOf, registryKeys, sweeperKey } from "../keys.ts";
import type { CommandName, RunCommand } from "./load.ts";

/** A queue that was looked at: when that has to be done again, and what is broken. */
export interface Planned {
  name: string;
  /** In ms from now; undefined when nothing will happen by itself. */
  nextMs: number | undefined;
  broken?: string;
}

/** Queues that have to be looked at, with the time at which they would be handed out again. */
export interface Due {
  again: string;
  names: string[];
}

/** The times at which queues have to be looked at. They are kept apart from the queues, which may live on other servers. */
export function dueCommands(redis: Redis, run: RunCommand) {
  return {
    /** Notes that a queue has to be looked at `ms` from now at the latest. */
    async mark(name: string, ms: number): Promise<void> {
      await run("mark-1", [dueKey], [ms, name]);
    },

    /** Queues that are due, at most `max`; undefined when another process sweeps. With `sweepMs` nobody else begins to for that long. */
    async take(options: { sweepMs: number; max: number; againMs: number }): Promise<Due | undefined> {
      const args = [options.sweepMs, options.max, options.againMs];
      const [again, ...names] = (await run("take-due-2", [dueKey, sweeperKey], args)) as string[];
      return again === undefined ? undefined : { again, names };
    },

    /** Says when the queues that `take` has handed out have to be looked at again. */
    async plan(again: string, looked: Planned[]): Promise<void> {
      const args = looked.flatMap(({ name, nextMs, broken }) => [name, nextMs ?? "", broken ?? ""]);
      await run("planned-2", [dueKey, brokenKey], [again, ...args]);
    },

    /** Makes the next `count` queues of the list due, unless the whole list was gone through within `restMs`. */
    async patrol(count: number, restMs: number): Promise<void> {
      await run("patrol-3", [registryKeys[0], dueKey, patrolKey], [count, restMs]);
    },

    /** Queues that are known to be broken, and why. */
    broken: (): Promise<Record<string, string>> => redis.hgetall(brokenKey),
  };
}

export type DueCommands = ReturnType<typeof dueCommands>;

/** After so many ms a queue is looked at to which something was done: until then it is not known when it has to be. */
const soonMs = 1000;

/** The commands on a queue after which nothing happens by itself sooner than before. */
const timeless =
  /^(?:ack|complete|destroy|look|outgoing|purge|refuse|settle|mark|take-due|planned|patrol|push|register|unregister)-\d+$/;

/**
 * Notes before each command that something of a queue may come due: a lease, a delay, a move, the end of a message's time. It goes out in
 * front of the command, on the same connection; if the process dies between the two, a look is made for nothing. Commands of one
 * turn of the event loop share one note for each queue.
 */
export function markingDue(run: RunCommand, onError: (error: unknown) => void): RunCommand {
  let marked = new Set<string>();
  return (name, keys, args) => {
    const queue = isTimeless(name) ? undefined : queueOf(keys[0] ?? "");
    if (queue !== undefined && !marked.has(queue)) {
      if (marked.size === 0) {
        setImmediate(() => {
          marked = new Set();
        });
      }
      marked.add(queue);
      // While Redis cannot be reached the command fails as well, and says so; what fails otherwise is left to the patrol.
      run("mark-1", [dueKey], [soonMs, queue]).catch((error: unknown) => {
        if (!isUnavailable(error)) onError(error);
      });
    }
    return run(name, keys, args);
  };
}

function isTimeless(name: CommandName): boolean {
  return timeless.test(name);
}
