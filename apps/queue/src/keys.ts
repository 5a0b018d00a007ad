// Every key and channel of this app. All keys of one queue share one hash tag, so that Redis Cluster keeps them together.

/** The list behind push and pop: each entry is an id of 36 characters followed by the JSON text. */
export const simpleKey = "simple";

/** What that queue is called, by a name that no named queue can have. */
export const simpleName = "(push and pop)";

/**
 * The bytes in that list, and what a push made for a request is remembered under. Their hash tag is the whole name of the list, prefix
 * and all, so that Redis Cluster keeps them together.
 */
export function sizeKey(prefix: string): string {
  return `size:{${prefix}${simpleKey}}`;
}
export function pushedKey(prefix: string, requestKey: string): string {
  return `pushed:{${prefix}${simpleKey}}:${requestKey}`;
}

/** The list of named queues: names (zset), deadLetters (hash). */
export const registryKeys = ["registry:{queues}:names", "registry:{queues}:dead-letters"] as const;

/** When queues have to be looked at, who does so just now, how far the patrol is, and which queues are broken: see `commands/`. */
export const dueKey = "registry:{queues}:due";
export const sweeperKey = "registry:{queues}:sweeper";
export const patrolKey = "registry:{queues}:patrol";
export const brokenKey = "registry:{queues}:broken";

/** Set once the demo data is complete. */
export const demoKey = "demo";

const queueParts = [
  "settings",
  "records",
  "payloads",
  "ready",
  "delayed",
  "leases",
  "ages",
  "groups",
  "outbox",
  "dedupe-ids",
  "dedupe-times",
  "arrivals",
] as const;

/** One of the keys of a named queue. */
export function queueKey(name: string, part: (typeof queueParts)[number]): string {
  return `queue:{${name}}:${part}`;
}

/** The keys of a named queue, in the order that `commands/*.lua` take them in. */
export function queueKeys(name: string): string[] {
  return queueParts.map((part) => queueKey(name, part));
}

/** The named queue that a key is of. */
export function queueOf(key: string): string | undefined {
  return /^queue:\{([^}]+)\}:/.exec(key)?.[1];
}

/** What came of the last command on a queue that used this key; beside the queue's own, which it outlives for a minute. */
export function runKey(name: string, lane: string): string {
  return `run:{${name}}:${lane}`;
}

/** What was sent to a queue for a request. */
export function sentKey(name: string, requestKey: string): string {
  return `queue:{${name}}:sent:${requestKey}`;
}

/** The channel on which waiting receivers of a queue are told to look again. Redis does not prefix channels by itself. */
export function wakeChannel(prefix: string, name: string): string {
  return `${prefix}wake:${name}`;
}
