import type { Redis } from "@quintet/db";
import { queueKey, registryKeys } from "../keys.ts";
import { type Caller, callerArgument } from "./caller.ts";
import type { RunCommand } from "./load.ts";

/** What the SQS protocol needs of the stored settings of queues beside the commands on them. */
export function sqsCommands(redis: Redis, run: RunCommand) {
  return {
    /** Some fields of the settings, whoever may read them; `undefined` when the queue does not exist. */
    async fields(queue: string, names: string[]): Promise<(string | undefined)[] | undefined> {
      const [createdAt, ...values] = await redis.hmget(queueKey(queue, "settings"), "createdAt", ...names);
      return createdAt === null || createdAt === undefined ? undefined : values.map((value) => value ?? undefined);
    },

    /** Sets and removes single fields of the settings. Returns whether the queue exists; throws 403 when the caller may not manage it. */
    async change(
      queue: string,
      caller: Caller,
      { set = {}, remove = [] }: { set?: Record<string, string | number>; remove?: string[] },
    ): Promise<boolean> {
      const args = [callerArgument(caller, "manage"), remove.length, ...remove, ...Object.entries(set).flat()];
      return (await run("change-settings-1", [queueKey(queue, "settings")], args)) === 1;
    },

    /** The queues whose dead letters go to this one, by name. */
    async sourcesOf(deadLetterQueue: string): Promise<string[]> {
      const all = await redis.hgetall(registryKeys[1]);
      return Object.keys(all)
        .filter((name) => all[name] === deadLetterQueue)
        .sort();
    },
  };
}

export type SqsCommands = ReturnType<typeof sqsCommands>;
