import type { Redis } from "@quintet/db";
import { demoKey, registryKeys } from "../keys.ts";
import type { RunCommand } from "./load.ts";

/** The list of named queues, and what a process marks for the others. */
export function registryCommands(redis: Redis, run: RunCommand) {
  const [names] = registryKeys;
  return {
    /** Lists a queue; "missing" when its dead-letter queue does not exist, "circle" when dead letters would come back to it. */
    async register(name: string, deadLetterQueue: string | null): Promise<"ok" | "missing" | "circle"> {
      return (await run("register-2", registryKeys, [name, deadLetterQueue ?? ""])) as "ok" | "missing" | "circle";
    },

    /** Takes a queue off the list; answers the name of a queue whose dead letters go there, which prevents it. */
    async unregister(name: string): Promise<string | undefined> {
      return ((await run("unregister-2", registryKeys, [name])) as string) || undefined;
    },

    async isRegistered(name: string): Promise<boolean> {
      return (await redis.zscore(names, name)) !== null;
    },

    /** At most `max` names in the order of their bytes, those after `after`. */
    names(after: string | undefined, max: number): Promise<string[]> {
      return redis.zrangebylex(names, after === undefined ? "-" : `(${after}`, "+", "LIMIT", 0, max);
    },

    async isDemoFilled(): Promise<boolean> {
      return (await redis.exists(demoKey)) === 1;
    },

    async markDemoFilled(): Promise<void> {
      await redis.set(demoKey, "1");
    },
  };
}

export type RegistryCommands = ReturnType<typeof registryCommands>;
