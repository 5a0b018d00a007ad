import { HealthCheckError, isUnavailable, Problem } from "@quintet/http";

/** The error of a queue that cannot be used, because its keys have the wrong type or unreadable content. Other queues are unaffected. */
export class BrokenQueueError extends Problem {
  readonly queue: string;
  readonly why: string;

  constructor(queue: string, why: string, cause?: unknown) {
    super("internal", `The queue ${queue} is broken: ${why}.`, { cause });
    this.queue = queue;
    this.why = why;
  }
}

/** Why a queue is broken that is registered and has no settings. */
export const noSettings = "it has no settings; put them again, or delete it";

/** Throws the 404 of a queue that does not exist. */
export function queueNotFound(name: string): never {
  throw new Problem("not-found", `Queue ${name} not found.`);
}

/** The 403 of an account that has no right to do this with a queue. */
export function forbidden(queue: string, right: string): Problem {
  const verb = right === "send" ? "send to" : right === "receive" ? "receive from" : right;
  return new Problem("forbidden", `This account may not ${verb} the queue ${queue}.`);
}

/** Whether this is the 403 of an account without a right to a queue. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Problem && error.code === "forbidden";
}

/** The error of a broken queue, or `undefined` when the error says that Redis is unavailable, or is a response by itself. */
export function toBrokenQueueError(queue: string, error: unknown): BrokenQueueError | undefined {
  if (error instanceof BrokenQueueError) return error;
  return error instanceof Problem || isUnavailable(error)
    ? undefined
    : new BrokenQueueError(queue, "it cannot be read", error);
}

/** How many broken queues `/health` names. */
const maxNamed = 10;

/** Throws when queues are broken, for `/health`: the app is degraded, and serves all other queues. */
export function throwIfBroken(broken: Record<string, string>): void {
  const all = Object.entries(broken).sort();
  if (all.length === 0) return;
  const named = all.slice(0, maxNamed).map(([name, why]) => `${name} (${why})`);
  const more = all.length > named.length ? `, and ${all.length - named.length} more` : "";
  throw new HealthCheckError("degraded", `broken queues: ${named.join(", ")}${more}`);
}
