import type { Redis } from "@quintet/db";
import { isUnavailable } from "@quintet/http";
import { brokenKey, dueKey, queueOf, registryKeys, scanKey, sweeperKey } from "../keys.ts";
import type { CommandName, RunCommand } from "./load.ts";

/** The result of inspecting a queue. */
export interface Inspection {
  name: string;
  /** When to inspect it again, in ms from now; undefined when nothing in it will become due by itself. */
  nextMs: number | undefined;
  /** Why the queue is broken; absent when it is not. */
  broken?: string;
}

/** Queues to inspect. Those that are not rescheduled are handed out again at `retryAt`. */
export interface DueBatch {
  retryAt: string;
  names: string[];
}

/** The times at which queues must be inspected. They are stored apart from the queues, which may be on other Redis nodes. */
export function dueCommands(redis: Redis, run: RunCommand) {
  return {
    /** Marks a queue as due in `ms` at the latest. */
    async mark(name: string, ms: number): Promise<void> {
      await run("mark-due-1", [dueKey], [ms, name]);
    },

    /**
     * Up to `max` queues that are due; undefined while another process sweeps. With `sweepMs` above 0 this process takes the lock of the
     * sweep for that long; 0 is for the process that has it.
     */
    async take(options: { sweepMs: number; max: number; retryMs: number }): Promise<DueBatch | undefined> {
      const args = [options.sweepMs, options.max, options.retryMs];
      const [retryAt, ...names] = (await run("take-due-2", [dueKey, sweeperKey], args)) as string[];
      return retryAt === undefined ? undefined : { retryAt, names };
    },

    /** Sets when the queues of a batch are due next, and which of them are broken. */
    async reschedule(retryAt: string, inspected: Inspection[]): Promise<void> {
      const args = inspected.flatMap(({ name, nextMs, broken }) => [name, nextMs ?? "", broken ?? ""]);
      await run("reschedule-2", [dueKey, brokenKey], [retryAt, ...args]);
    },

    /** Marks the next `count` queues of the registry as due; does nothing for `intervalMs` after the end of the registry. */
    async scan(count: number, intervalMs: number): Promise<void> {
      await run("scan-3", [registryKeys[0], dueKey, scanKey], [count, intervalMs]);
    },

    /** Ends the pause of the scan. */
    async resumeScan(): Promise<void> {
      await redis.hdel(scanKey, "restsUntil");
    },

    /** The queues that are known to be broken, and why. */
    listBroken: (): Promise<Record<string, string>> => redis.hgetall(brokenKey),
  };
}

export type DueCommands = ReturnType<typeof dueCommands>;

/** A queue that a command changes is inspected after this time; the inspection finds out when it is due. */
const markDelayMs = 1000;

/** Queues that commands change without making something due are inspected after this time as well, for their figures. */
const figuresDelayMs = 1000;

/** The commands on a queue that make nothing due sooner than before. */
const neverMakesDue =
  /^(?:ack|complete|read-state|change-settings|check-right|set-access|allow|read-usage|reclaim|list-messages|list-outgoing|purge|reject|refresh|mark-due|take-due|reschedule|scan|push|register|unregister)-\d+$/;

/** Those of them that change its figures. */
const changesFigures = /^(?:ack|complete|purge)-\d+$/;

/**
 * Commands that mark their queue as due before they run, because they may make something due: a lease, a delay, a transfer, the
 * expiry of a message. The mark is sent before the command on the same connection; if the process dies between the two, one
 * inspection finds nothing. The commands of one turn of the event loop share one mark for each queue.
 *
 * Queues whose figures alone change are marked together, once a second, afterwards. When a process is killed in that second, figures of
 * queues with acked messages are late until a lease would have ended, others until the queue is used again or the scan finds it.
 */
export function withDueMarks(run: RunCommand, onError: (error: unknown) => void): RunCommand {
  let marked = new Set<string>();
  let changed = new Set<string>();
  const noteChange = (queue: string) => {
    if (changed.size === 0) {
      setTimeout(() => {
        const names = [...changed];
        changed = new Set();
        run("mark-due-1", [dueKey], [0, ...names]).catch(() => {});
      }, figuresDelayMs).unref();
    }
    changed.add(queue);
  };
  const owed = new Set<string>();
  let isRetrying = false;
  /** On a cluster the queue may be on another node than the marks, and its command succeed while they are unavailable. */
  const markLater = (names: string[]) => {
    for (const name of names) owed.add(name);
    if (isRetrying) return;
    isRetrying = true;
    setTimeout(() => {
      isRetrying = false;
      const all = [...owed];
      owed.clear();
      run("mark-due-1", [dueKey], [0, ...all]).catch((error: unknown) => {
        if (isUnavailable(error)) markLater(all);
        else onError(error);
      });
    }, markDelayMs).unref();
  };
  return (name, keys, args) => {
    if (changesFigures.test(name)) noteChange(queueOf(keys[0] ?? "") ?? "");
    const queue = makesDue(name) ? queueOf(keys[0] ?? "") : undefined;
    if (queue !== undefined && !marked.has(queue)) {
      if (marked.size === 0) {
        setImmediate(() => {
          marked = new Set();
        });
      }
      marked.add(queue);
      // After an error other than that Redis is unavailable the scan finds the queue.
      run("mark-due-1", [dueKey], [markDelayMs, queue]).catch((error: unknown) => {
        if (isUnavailable(error)) markLater([queue]);
        else onError(error);
      });
    }
    return run(name, keys, args);
  };
}

function makesDue(name: CommandName): boolean {
  return !neverMakesDue.test(name);
}
