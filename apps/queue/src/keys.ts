// Every Redis key and channel of this app. All keys of one queue share one hash tag, so that Redis Cluster keeps them on one node.
// The names are in users' Redis: they do not change, even where the code calls something by another word.

/** The list of the shared simple queue: see `commands/parts/simple.lua` for its entries. */
export const simpleKey = "simple";

/** The list of an account's own simple queue. */
export function ownSimpleKey(accountId: number): string {
  return `${simpleKey}:${accountId}`;
}

/** The simple queue's name in metrics and errors; no named queue can have it. */
export const simpleName = "(push and pop)";

/**
 * The size of a simple queue in bytes, what each account has in it, and the result of a push with an `Idempotency-Key`. Their hash tag is
 * the full name of the list, including the prefix, so that Redis Cluster keeps them on one node.
 */
export function sizeKey(prefix: string, list: string): string {
  return `size:{${prefix}${list}}`;
}
export function accountsKey(prefix: string, list: string): string {
  return `accounts:{${prefix}${list}}`;
}
export function pushedKey(prefix: string, list: string, requestKey: string): string {
  return `pushed:{${prefix}${list}}:${requestKey}`;
}

/** The registry of named queues: names (zset), deadLetters (hash). */
export const registryKeys = ["registry:{queues}:names", "registry:{queues}:dead-letters"] as const;

/** Who may do what with the queues: access (hash), owned (zset); see `commands/parts/registry.lua`. */
export const accessKeys = ["registry:{queues}:access", "registry:{queues}:owned"] as const;

/** What the queues of an account may hold: allowances (hash), and when unused ones were taken back; see `commands/allot-1.lua`. */
export function allowanceKeys(owner: string): [string, string] {
  return [`account:{${owner}}:allowances`, `account:{${owner}}:reclaimed`];
}

/** When queues must be inspected, the lock of the sweep, how far the scan is, and which queues are broken: see `commands/`. */
export const dueKey = "registry:{queues}:due";
export const sweeperKey = "registry:{queues}:sweeper";
export const scanKey = "registry:{queues}:patrol";
export const brokenKey = "registry:{queues}:broken";

/** The figures of all queues for metrics and pages, and their samples of the last hour: see `commands/record-figures-2.lua`. */
export const figureKeys = ["figures:{figures}:now", "figures:{figures}:minutes"] as const;
/** The lock of the process that leads: see `leader.ts`. */
export const leaderKey = "leader";

/** Schedules, and subscriptions of webhooks: see `commands/put-item-4.lua`. */
export const scheduleKeys = itemKeys("schedules");
export const subscriptionKeys = itemKeys("subscriptions");

function itemKeys(kind: string) {
  const key = (part: string) => `registry:{${kind}}:${part}`;
  return { items: key("items"), names: key("names"), owned: key("owned"), times: key("times"), states: key("states") };
}

/** The last time of a schedule for which a message was sent to this queue. */
export function firedKey(queue: string, schedule: string): string {
  return `queue:{${queue}}:fired:${schedule}`;
}

/** The access keys of all accounts (hash), those of one (zset), and when each was last used (hash). */
export const accessKeysKey = "access-keys:{access-keys}:all";
export const accessKeysUsedKey = "access-keys:{access-keys}:used";
export function accessKeysOf(accountId: number): string {
  return `access-keys:{access-keys}:of:${accountId}`;
}

/** The result of a request with an `Idempotency-Key` that created an access key. */
export function accessKeyCreatedKey(requestKey: string): string {
  return `access-keys:{access-keys}:created:${requestKey}`;
}

/** Set once the demo data is complete. */
export const demoKey = "demo";

/** The keys of a named queue, by the last part of their names, with their types; in the order in which `commands/*.lua` take them. */
const queueKeyTypes = {
  settings: "hash",
  records: "hash",
  payloads: "hash",
  ready: "zset",
  delayed: "zset",
  leases: "zset",
  ages: "zset",
  groups: "zset",
  outbox: "zset",
  dead: "zset",
  tenants: "zset",
  "dedupe-ids": "hash",
  "dedupe-times": "zset",
  arrivals: "hash",
  redrives: "hash",
} as const;

type QueuePart = keyof typeof queueKeyTypes;
const queueParts = Object.keys(queueKeyTypes) as QueuePart[];

/** One of the keys of a named queue. */
export function queueKey(name: string, part: QueuePart): string {
  return `queue:{${name}}:${part}`;
}

/** The keys that every command on a named queue takes, in front of its own: all but `arrivals` and `redrives`. */
export function commandKeys(name: string): string[] {
  return queueKeys(name).slice(0, -2);
}

/** All keys of a named queue. */
export function queueKeys(name: string): string[] {
  return queueParts.map((part) => queueKey(name, part));
}

/** The Redis type of a key of a named queue. */
export function queueKeyType(part: string): string | undefined {
  return queueKeyTypes[part as QueuePart];
}

/** The named queue that a key belongs to. */
export function queueOf(key: string): string | undefined {
  return /^queue:\{([^}]+)\}:/.exec(key)?.[1];
}

/** The stored reply of the last command on a queue that used this slot; expires after a minute. */
export function replyKey(name: string, slot: string): string {
  return `run:{${name}}:${slot}`;
}

/** What an attempt to receive from a queue has leased; expires after five minutes. */
export function attemptKey(name: string, attemptId: string): string {
  return `queue:{${name}}:attempt:${attemptId}`;
}

/** The result of a request with an `Idempotency-Key` that sent messages to a queue. */
export function sentKey(name: string, requestKey: string): string {
  return `queue:{${name}}:sent:${requestKey}`;
}

/** The channel that wakes the waiting receivers of a queue. Redis does not prefix channels by itself. */
export function wakeChannel(prefix: string, name: string): string {
  return `${prefix}wake:${name}`;
}
