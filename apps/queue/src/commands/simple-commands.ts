import { randomUUID } from "node:crypto";
import type { Redis } from "@quintet/db";
import type { KeyedRequest } from "@quintet/http";
import { accountsKey, ownSimpleKey, pushedKey, simpleKey, simpleName, sizeKey } from "../keys.ts";
import { toBrokenQueueError } from "../queue-errors.ts";
import { batched } from "./batched.ts";
import { recordTtlMs, setOutcome } from "./keyed-requests.ts";
import type { RunCommand } from "./load.ts";

/** A message of a simple queue; `payload` is JSON text. */
export interface SimpleMessage {
  id: string;
  payload: string;
}

/** The account that pushes, as far as a simple queue knows it. */
export interface Pusher {
  id: number;
  /** Staff are exempt from the limits of accounts. */
  isStaff: boolean;
}

/** The max size of a simple queue, and of what one account has in it. */
export interface SimpleLimits {
  maxLength: number;
  maxBytes: number;
  accountMaxMessages: number;
  accountMaxBytes: number;
}

/** Why a message was not added: the queue is full, or its account has its max number of messages or of bytes in it. */
export type Refusal = "full" | "account-messages" | "account-bytes";

/** By the digits of `parts/push.lua`. */
const refusals: Record<string, Refusal> = { 1: "full", 2: "account-messages", 3: "account-bytes" };

/** The result of a push: the id of the message, or why there is none. */
export type Pushed = { id: string } | { refused: Refusal };

/** A message to push. */
interface Push {
  id: string;
  entry: string;
  isExempt: boolean;
}

/** Whether a push is exempt from the limits of accounts, as the scripts take it. */
const exemption = ({ isExempt }: Push) => (isExempt ? "1" : "0");

const idLength = 36;
/** Stands before and after the account of an entry; no JSON text begins with it. */
const mark = "\u0001";

/** Throws an error that Redis replied for this queue's key as the error of a broken queue. */
function throwFault(error: unknown): never {
  throw toBrokenQueueError(simpleName, error) ?? error;
}

function readEntry(entry: string): SimpleMessage {
  const start = entry[idLength] === mark ? entry.indexOf(mark, idLength + 1) + 1 : idLength;
  return { id: entry.slice(0, idLength), payload: entry.slice(start) };
}

/** A simple queue. The pushes of one turn of the event loop are one Redis command, and so are the pops. */
function simpleQueue(redis: Redis, run: RunCommand, prefix: string, list: string, limits: SimpleLimits) {
  const keys = [list, sizeKey(prefix, list), accountsKey(prefix, list)];
  const bounds = [limits.maxLength, limits.maxBytes, limits.accountMaxMessages, limits.accountMaxBytes];
  const pushBatched = batched(async (pushes: Push[]): Promise<Pushed[]> => {
    const args: (string | number)[] = [...bounds, pushes.map(exemption).join("")];
    for (const { entry } of pushes) args.push(entry);
    const results = (await run("push-3", keys, args).catch(throwFault)) as string;
    return pushes.map((push, i) => {
      const refused = refusals[results[i] as string];
      return refused ? { refused } : push;
    });
  });
  const popBatched = batched(async (pops: undefined[]): Promise<(string | undefined)[]> => {
    return (await run("pop-3", keys, [pops.length]).catch(throwFault)) as string[];
  });
  const pushOnce = async (push: Push, request: KeyedRequest): Promise<Pushed> => {
    const args = [...bounds, exemption(push), push.entry, request.fingerprint, recordTtlMs];
    const pushed = run("push-once-4", [...keys, pushedKey(prefix, list, request.key)], args);
    const record = (await pushed.catch(throwFault)) as string;
    const refused = refusals[record];
    if (refused) return { refused };
    setOutcome(request, record.slice(idLength), record.startsWith(push.id));
    return { id: record.slice(0, idLength) };
  };
  return {
    /** Adds JSON text at the end, once for a keyed request. */
    push(payload: string, by: Pusher, request?: KeyedRequest): Promise<Pushed> {
      const id = randomUUID();
      const push: Push = { id, entry: `${id}${mark}${by.id}${mark}${payload}`, isExempt: by.isStaff };
      return request ? pushOnce(push, request) : pushBatched(push);
    },

    /** Removes and returns the first message. */
    async pop(): Promise<SimpleMessage | undefined> {
      const entry = await popBatched(undefined);
      return entry === undefined ? undefined : readEntry(entry);
    },

    count: (): Promise<number> => redis.llen(list).catch(throwFault),

    /** The size of all messages in bytes, as counted by the last command. */
    async bytes(): Promise<number> {
      const [, bytes = 0] = (await redis.get(keys[1] as string))?.split(" ") ?? [];
      return Number(bytes);
    },
  };
}

export type SimpleQueue = ReturnType<typeof simpleQueue>;

/** The simple queues of push and pop. */
export interface SimpleQueues {
  /** The queue of all accounts. */
  shared: SimpleQueue;
  /** The queue that an account pushes to and pops from. */
  of(account: { id: number }): SimpleQueue;
}

const maxRemembered = 1000;

/** The simple queues: one for all accounts, or with `account` one for each. */
export function simpleQueues(
  redis: Redis,
  run: RunCommand,
  prefix: string,
  { scope, ...limits }: SimpleLimits & { scope: "shared" | "account" },
): SimpleQueues {
  const open = (list: string) => simpleQueue(redis, run, prefix, list, limits);
  const shared = open(simpleKey);
  if (scope === "shared") return { shared, of: () => shared };
  // Those in use, so that pushes of one account share a command.
  const known = new Map<number, SimpleQueue>();
  const of = ({ id }: { id: number }) => {
    const queue = known.get(id) ?? open(ownSimpleKey(id));
    if (known.size >= maxRemembered) known.clear();
    known.set(id, queue);
    return queue;
  };
  return { shared, of };
}
