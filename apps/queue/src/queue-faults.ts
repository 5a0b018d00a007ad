import { HealthCheckError, isUnavailable, Problem } from "@quintet/http";
import type { RunCommand } from "./commands/load.ts";
import { dueKey, queueOf } from "./keys.ts";

/** A queue that cannot be used, because something in its keys is not what it must be. It is the only one that cannot. */
export class BrokenQueue extends Problem {
  readonly queue: string;
  readonly why: string;

  constructor(queue: string, why: string, cause?: unknown) {
    super("internal", `The queue ${queue} is broken: ${why}.`, { cause });
    this.queue = queue;
    this.why = why;
  }
}

/** What is wrong when a queue stands in the list and has no settings. */
export const noSettings = "it has no settings; put them again, or delete it";

/**
 * Commands whose errors name the queue at fault, apart from those that say that Redis itself cannot serve. `whyBroken` finds out what
 * it is; the sweep is told to look at the queue, which notes it as broken, and as whole again.
 */
export function namingBroken(run: RunCommand, whyBroken: (queue: string) => Promise<string>): RunCommand {
  return async (name, keys, args) => {
    try {
      return await run(name, keys, args);
    } catch (error) {
      const queue = queueOf(keys[0] ?? "");
      if (queue === undefined || !isReply(error) || isUnavailable(error)) throw error;
      run("mark-1", [dueKey], [0, queue]).catch(() => {});
      throw new BrokenQueue(queue, await whyBroken(queue), error);
    }
  };
}

/** An error as the fault of this queue, when it is one and not one of Redis. */
export function brokenBy(queue: string, error: unknown): BrokenQueue | undefined {
  if (error instanceof BrokenQueue) return error;
  return error instanceof Problem || isUnavailable(error)
    ? undefined
    : new BrokenQueue(queue, "it cannot be read", error);
}

/** Whether Redis has answered by an error, as it does for a key of the wrong kind and for a script that fails. */
function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError";
}

/** So many broken queues are named. */
const maxNamed = 10;

/** Throws what `/health` says when some queues are broken: the app serves all others. */
export function reportBroken(broken: Record<string, string>): void {
  const all = Object.entries(broken).sort();
  if (all.length === 0) return;
  const named = all.slice(0, maxNamed).map(([name, why]) => `${name} (${why})`);
  const more = all.length > named.length ? `, and ${all.length - named.length} more` : "";
  throw new HealthCheckError("degraded", `broken queues: ${named.join(", ")}${more}`);
}
