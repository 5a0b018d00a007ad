import { randomUUID } from "node:crypto";
import type { Redis } from "@quintet/db";
import { simpleKey } from "../keys.ts";

/** A message of the simple queue; `payload` is JSON text. */
export interface SimpleMessage {
  id: string;
  payload: string;
}

const idLength = 36;

/** The one queue behind push and pop: one Redis command each. */
export function simpleCommands(redis: Redis) {
  return {
    /** Adds JSON text at the end; answers the message's id. */
    async push(payload: string): Promise<string> {
      const id = randomUUID();
      await redis.rpush(simpleKey, id + payload);
      return id;
    },

    /** Takes the first message away. */
    async pop(): Promise<SimpleMessage | undefined> {
      const entry = await redis.lpop(simpleKey);
      return entry === null ? undefined : { id: entry.slice(0, idLength), payload: entry.slice(idLength) };
    },

    count: (): Promise<number> => redis.llen(simpleKey),
  };
}

export type SimpleCommands = ReturnType<typeof simpleCommands>;
