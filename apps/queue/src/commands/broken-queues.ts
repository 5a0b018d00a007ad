import type { Redis } from "@quintet/db";
import { isUnavailable } from "@quintet/http";
import { dueKey, queueKeys, queueKeyType, queueOf } from "../keys.ts";
import { BrokenQueueError, forbidden } from "../queue-errors.ts";
import type { RunCommand } from "./load.ts";

/**
 * Commands whose errors name the broken queue, unless they say that Redis itself is unavailable. `diagnose` finds out what is wrong
 * with it. A command that its caller has no right for throws a 403. The queue is marked as due, so that the sweep inspects it and records whether it is broken.
 */
export function withBrokenQueueErrors(run: RunCommand, diagnose: (queue: string) => Promise<string>): RunCommand {
  return async (name, keys, args) => {
    try {
      return await run(name, keys, args);
    } catch (error) {
      const queue = queueOf(keys[0] ?? "");
      if (queue === undefined || !isReplyError(error) || isUnavailable(error)) throw error;
      const right = /^FORBIDDEN (\w+)/.exec(error.message)?.[1];
      if (right !== undefined) throw forbidden(queue, right);
      run("mark-due-1", [dueKey], [0, queue]).catch(() => {});
      throw new BrokenQueueError(queue, await diagnose(queue), error);
    }
  };
}

/** Whether Redis replied with an error, as it does for a key of the wrong type and for a script that fails. */
function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

/** Finds out why a command on a queue has failed: which of its keys has the wrong type. */
export async function diagnoseQueue(redis: Redis, queue: string): Promise<string> {
  const keys = queueKeys(queue);
  const found = await Promise.all(keys.map((key) => redis.type(key)));
  for (const [i, key] of keys.entries()) {
    const part = key.slice(key.lastIndexOf(":") + 1);
    const type = found[i];
    if (type !== "none" && type !== queueKeyType(part))
      return `its ${part} are a ${type} instead of a ${queueKeyType(part)}`;
  }
  return "its settings or one of its messages cannot be read";
}
