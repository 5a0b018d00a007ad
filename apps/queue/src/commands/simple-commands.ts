import { randomUUID } from "node:crypto";
import type { Redis } from "@quintet/db";
import { simpleKey } from "../keys.ts";
import { joined } from "./joined.ts";

/** A message of the simple queue; `payload` is JSON text. */
export interface SimpleMessage {
  id: string;
  payload: string;
}

const idLength = 36;

/** The one queue behind push and pop: one Redis command for all pushes of a turn of the event loop, and one for all pops. */
export function simpleCommands(redis: Redis) {
  const append = joined(async (entries: string[]) => {
    await redis.rpush(simpleKey, ...entries);
    return entries;
  });
  const takeFirst = joined(async (places: undefined[]): Promise<(string | undefined)[]> => {
    return (await redis.lpop(simpleKey, places.length)) ?? [];
  });
  return {
    /** Adds JSON text at the end; answers the message's id. */
    async push(payload: string): Promise<string> {
      const id = randomUUID();
      await append(id + payload);
      return id;
    },

    /** Takes the first message away. */
    async pop(): Promise<SimpleMessage | undefined> {
      const entry = await takeFirst(undefined);
      return entry === undefined ? undefined : { id: entry.slice(0, idLength), payload: entry.slice(idLength) };
    },

    count: (): Promise<number> => redis.llen(simpleKey),
  };
}

export type SimpleCommands = ReturnType<typeof simpleCommands>;
