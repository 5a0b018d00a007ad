import { randomUUID } from "node:crypto";
import type { Redis } from "@quintet/db";
import type { KeyedRequest } from "@quintet/http";
import { pushedKey, simpleKey, simpleName, sizeKey } from "../keys.ts";
import { toBrokenQueueError } from "../queue-errors.ts";
import { batched } from "./batched.ts";
import { recordTtlMs, setOutcome } from "./keyed-requests.ts";
import type { RunCommand } from "./load.ts";

/** A message of the simple queue; `payload` is JSON text. */
export interface SimpleMessage {
  id: string;
  payload: string;
}

const idLength = 36;

/** Throws an error that Redis replied for this queue's key as the error of a broken queue. */
function throwFault(error: unknown): never {
  throw toBrokenQueueError(simpleName, error) ?? error;
}

/** The max size of the simple queue. */
export interface SimpleLimits {
  maxLength: number;
  maxBytes: number;
}

/** The commands on the simple queue. The pushes of one turn of the event loop are one Redis command, and so are the pops. */
export function simpleCommands(redis: Redis, run: RunCommand, prefix: string, limits: SimpleLimits) {
  const keys = [simpleKey, sizeKey(prefix)];
  const bounds = [limits.maxLength, limits.maxBytes];
  const pushBatched = batched(async (entries: string[]): Promise<boolean[]> => {
    const added = (await run("push-2", keys, [...bounds, ...entries]).catch(throwFault)) as number;
    return entries.map((_, i) => i < added);
  });
  const popBatched = batched(async (pops: undefined[]): Promise<(string | undefined)[]> => {
    return (await run("pop-2", keys, [pops.length]).catch(throwFault)) as string[];
  });
  return {
    /** Adds JSON text at the end, once for a keyed request. Returns the message's id, or undefined when the queue is full. */
    async push(payload: string, request?: KeyedRequest): Promise<string | undefined> {
      const id = randomUUID();
      if (request) {
        const args = [...bounds, id, payload, request.fingerprint, recordTtlMs];
        const pushed = run("push-once-3", [...keys, pushedKey(prefix, request.key)], args);
        const record = (await pushed.catch(throwFault)) as string;
        if (record === "") return undefined;
        setOutcome(request, record.slice(idLength), record.startsWith(id));
        return record.slice(0, idLength);
      }
      return (await pushBatched(id + payload)) ? id : undefined;
    },

    /** Removes and returns the first message. */
    async pop(): Promise<SimpleMessage | undefined> {
      const entry = await popBatched(undefined);
      return entry === undefined ? undefined : { id: entry.slice(0, idLength), payload: entry.slice(idLength) };
    },

    count: (): Promise<number> => redis.llen(simpleKey).catch(throwFault),

    /** The size of all messages in bytes, as counted by the last command. */
    async bytes(): Promise<number> {
      const [, bytes = 0] = (await redis.get(sizeKey(prefix)))?.split(" ") ?? [];
      return Number(bytes);
    },
  };
}

export type SimpleCommands = ReturnType<typeof simpleCommands>;
