import { randomUUID } from "node:crypto";
import type { Redis } from "@quintet/db";
import type { KeyedRequest } from "@quintet/http";
import { pushedKey, simpleKey, simpleName } from "../keys.ts";
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

/** The one queue behind push and pop: one Redis command for all pushes of a turn of the event loop, and one for all pops. */
export function simpleCommands(redis: Redis, run: RunCommand, prefix: string) {
  const append = joined(async (entries: string[]) => {
    await redis.rpush(simpleKey, ...entries).catch(failed);
    return entries;
  });
  const takeFirst = joined(async (places: undefined[]): Promise<(string | undefined)[]> => {
    return (await redis.lpop(simpleKey, places.length).catch(failed)) ?? [];
  });
  return {
    /** Adds JSON text at the end, once for a keyed request; answers the message's id. */
    async push(payload: string, request?: KeyedRequest): Promise<string> {
      const id = randomUUID();
      if (request) {
        const keys = [simpleKey, pushedKey(prefix, request.key)];
        const args = [id, payload, request.fingerprint, rememberedMs];
        const record = (await run("push-2", keys, args).catch(failed)) as string;
        noteOutcome(request, record.slice(idLength), record.startsWith(id));
        return record.slice(0, idLength);
      }
      await append(id + payload);
      return id;
    },

    /** Takes the first message away. */
    async pop(): Promise<SimpleMessage | undefined> {
      const entry = await takeFirst(undefined);
      return entry === undefined ? undefined : { id: entry.slice(0, idLength), payload: entry.slice(idLength) };
    },

    count: (): Promise<number> => redis.llen(simpleKey).catch(failed),
  };
}

export type SimpleCommands = ReturnType<typeof simpleCommands>;
