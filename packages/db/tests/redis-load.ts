import { setTimeout as delay } from "node:timers/promises";
import { OutcomeUnknown, type Redis } from "../src/index.ts";

/** Names whose keys are spread over the slots of a cluster. */
export const names = Array.from({ length: 24 }, (_, i) => `k${i}`);

/** What became of the writes of a load, by their ids. */
export interface Outcomes {
  done: string[];
  unknown: string[];
  refused: Map<string, Error>;
  /** When a write last succeeded, by name, of `performance.now()`. */
  lastDone: Map<string, number>;
}

/** Appends ids to lists, several at once for each name, until it is stopped. */
export function pushLoad(redis: Redis) {
  const outcomes: Outcomes = { done: [], unknown: [], refused: new Map(), lastDone: new Map() };
  const stopping = new AbortController();
  let next = 0;
  const push = async (name: string) => {
    const id = `${++next}`;
    try {
      await redis.rpush(`list:{${name}}`, id);
      outcomes.done.push(id);
      outcomes.lastDone.set(name, performance.now());
    } catch (error) {
      if (error instanceof OutcomeUnknown) outcomes.unknown.push(id);
      else outcomes.refused.set(id, error as Error);
    }
  };
  const running = names.map(async (name) => {
    while (!stopping.signal.aborted) {
      await Promise.all([push(name), push(name)]);
      await delay(5);
    }
  });
  return {
    outcomes,
    async stop(): Promise<Outcomes> {
      stopping.abort();
      await Promise.all(running);
      return outcomes;
    },
  };
}

/** All ids that are in the lists. */
export async function pushed(redis: Redis): Promise<string[]> {
  return (await Promise.all(names.map((name) => redis.lrange(`list:{${name}}`, "0", "-1")))).flat();
}
