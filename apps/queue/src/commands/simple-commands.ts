import { randomUUID } from "node:crypto";
import type { Redis } from "@quintet/db";
import type { KeyedRequest } from "@quintet/http";
import { pushedKey, simpleKey, simpleName, sizeKey } from "../keys.ts";
import { brokenBy } from "../queue-faults.ts";
import { joined } from "./joined.ts";
import { noteOutcome, rememberedMs } from "./keyed-records.ts";
import type { RunCommand } from "./load.ts";

/** A message of the simple queue; `payload` is JSON text. */
export interface SimpleMessage {
  id: string;
  payload: string;
}

const idLength = 36;

/** An error that Redis has answered for this queue's key is the fault of this queue. */
function failed(error: unknown): never {
  throw brokenBy(simpleName, error) ?? error;
}

/** How much the queue of push and pop may hold. */
export interface SimpleLimits {
  maxLength: number;
  maxBytes: number;
}

/** The one queue behind push and pop: one Redis command for all pushes of a turn of the event loop, and one for all pops. */
export function simpleCommands(redis: Redis, run: RunCommand, prefix: string, limits: SimpleLimits) {
  const keys = [simpleKey, sizeKey(prefix)];
  const most = [limits.maxLength, limits.maxBytes];
  const append = joined(async (entries: string[]): Promise<boolean[]> => {
    const added = (await run("push-2", keys, [...most, ...entries]).catch(failed)) as number;
    return entries.map((_, i) => i < added);
  });
  const takeFirst = joined(async (places: undefined[]): Promise<(string | undefined)[]> => {
    return (await run("pop-2", keys, [places.length]).catch(failed)) as string[];
  });
  return {
    /** Adds JSON text at the end, once for a keyed request; answers the message's id, or undefined when the queue is full. */
    async push(payload: string, request?: KeyedRequest): Promise<string | undefined> {
      const id = randomUUID();
      if (request) {
        const args = [...most, id, payload, request.fingerprint, rememberedMs];
        const pushed = run("push-once-3", [...keys, pushedKey(prefix, request.key)], args);
        const record = (await pushed.catch(failed)) as string;
        if (record === "") return undefined;
        noteOutcome(request, record.slice(idLength), record.startsWith(id));
        return record.slice(0, idLength);
      }
      return (await append(id + payload)) ? id : undefined;
    },

    /** Takes the first message away. */
    async pop(): Promise<SimpleMessage | undefined> {
      const entry = await takeFirst(undefined);
      return entry === undefined ? undefined : { id: entry.slice(0, idLength), payload: entry.slice(idLength) };
    },

    count: (): Promise<number> => redis.llen(simpleKey).catch(failed),

    /** The bytes of all messages, as they were counted last. */
    async bytes(): Promise<number> {
      const [, bytes = 0] = (await redis.get(sizeKey(prefix)))?.split(" ") ?? [];
      return Number(bytes);
    },
  };
}

export type SimpleCommands = ReturnType<typeof simpleCommands>;
