import type { Redis } from "@quintet/db";
import { demoKey, registryKeys } from "../keys.ts";
import type { RunCommand } from "./load.ts";

/** The registry of named queues, and the mark that the demo data is complete. */
export function registryCommands(redis: Redis, run: RunCommand) {
  const [names] = registryKeys;
  return {
    /** Registers a queue; "missing" when its dead-letter queue does not exist, "cycle" when dead letters would come back to it. */
    async register(name: string, deadLetterQueue: string | null): Promise<"ok" | "missing" | "cycle"> {
      return (await run("register-2", registryKeys, [name, deadLetterQueue ?? ""])) as "ok" | "missing" | "cycle";
    },

    /** Unregisters a queue, unless another queue's dead letters go there: returns the name of that queue. */
    async unregister(name: string): Promise<string | undefined> {
      return ((await run("unregister-2", registryKeys, [name])) as string) || undefined;
    },

    async isRegistered(name: string): Promise<boolean> {
      return (await redis.zscore(names, name)) !== null;
    },

    /** The first `max` names after `after`, in byte order. */
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
