import type { Redis } from "@quintet/db";
import { figureKeys, registryKeys } from "../keys.ts";
import type { RunCommand } from "./load.ts";

/** The figures of a queue at one time, as texts whose form `figures/figures.ts` knows; undefined when it is gone. */
export interface RecordedFigures {
  name: string;
  found: { figures: string; sample: number[] } | undefined;
}

/** The figures of a queue, and how long ago they were recorded. */
export interface StoredFigures {
  name: string;
  ageMs: number;
  figures: string;
}

/** A minute since 1970, and the counters and the length at its end. */
export type StoredSample = [minute: number, ...values: number[]];

/** How many minutes have samples. */
export const keptMinutes = 60;

/** Fields that one HSCAN reads, so that no command blocks Redis for long. */
const scanCount = 1000;

/** The figures of all queues. They are stored apart from the queues, which may be on other Redis nodes, so that reading them touches no queue. */
export function figureCommands(redis: Redis, run: RunCommand) {
  const [now, minutes] = figureKeys;
  /** Ms since 1970 by the clock of Redis. */
  const time = async () => {
    const [seconds, micros] = await redis.time();
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  };

  return {
    /** Records the figures of queues, and removes those of queues that are gone. */
    async record(recorded: RecordedFigures[]): Promise<void> {
      const args = recorded.flatMap(({ name, found }) => [
        name,
        found?.figures ?? "",
        found ? JSON.stringify(found.sample) : "",
      ]);
      await run("record-figures-2", figureKeys, [keptMinutes, ...args]);
    },

    /** The figures of all queues, in no order. */
    async readAll(): Promise<StoredFigures[]> {
      const at = await time();
      const found = new Map<string, StoredFigures>();
      let cursor = "0";
      do {
        const [next, fields] = await redis.hscan(now, cursor, "COUNT", scanCount);
        for (let i = 0; i + 1 < fields.length; i += 2) {
          const [name = "", text = ""] = fields.slice(i, i + 2);
          const space = text.indexOf(" ");
          const ageMs = Math.max(0, at - Number(text.slice(0, space)));
          found.set(name, { name, ageMs, figures: text.slice(space + 1) });
        }
        cursor = next;
      } while (cursor !== "0");
      return [...found.values()];
    },

    /** The samples of queues, the oldest first, and the minute that it is now. */
    async readSamples(names: string[]): Promise<{ minute: number; samples: StoredSample[][] }> {
      if (names.length === 0) return { minute: 0, samples: [] };
      const [at, texts] = await Promise.all([time(), redis.hmget(minutes, ...names)]);
      return { minute: Math.floor(at / 60_000), samples: texts.map((text) => JSON.parse(text ?? "[]")) };
    },

    /** How many queues are registered. */
    countQueues: (): Promise<number> => redis.zcard(registryKeys[0]),
  };
}

export type FigureCommands = ReturnType<typeof figureCommands>;
