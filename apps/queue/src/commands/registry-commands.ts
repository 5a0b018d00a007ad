import type { Redis } from "@quintet/db";
import { accessKeys, demoKey, registryKeys } from "../keys.ts";
import { type Caller, callerArgument } from "./caller.ts";
import type { RunCommand } from "./load.ts";

/** How many names one command looks at, and how many such commands a page of names may take. */
const scannedAtOnce = 1000;
const maxScans = 20;

/** The owner of a queue, an account id or "", its access, "" when it has none of its own, and the version of both, as Redis stores them. */
export interface RegisteredAccess {
  owner: string;
  access: string;
  version: string;
}

/**
 * Why a queue was not registered: another of its name exists that the caller may not manage ("taken"), the caller owns too many queues,
 * or its dead-letter queue does not exist ("missing"), may not be sent to ("not-sent"), or sends dead letters back ("cycle").
 */
export type RegisterFault = "taken" | "too-many" | "missing" | "not-sent" | "cycle";

/** The registry of named queues, and the mark that the demo data is complete. */
export function registryCommands(redis: Redis, run: RunCommand) {
  const [names, deadLetters] = registryKeys;
  const keys = [...registryKeys, ...accessKeys];
  return {
    /** Registers a queue with its dead-letter queue. A new one belongs to the account that calls; one of staff has no owner. */
    async register(
      name: string,
      options: { deadLetterQueue: string | null; caller: Caller; maxQueues: number },
    ): Promise<(RegisteredAccess & { isNew: boolean }) | RegisterFault> {
      const args = [callerArgument(options.caller, "manage"), name, options.deadLetterQueue ?? "", options.maxQueues];
      const reply = (await run("register-4", keys, args)) as
        | [RegisterFault]
        | ["ok", isNew: number, owner: string, access: string, version: string];
      if (reply[0] !== "ok") return reply[0];
      const [, isNew, owner, access, version] = reply;
      return { isNew: isNew === 1, owner, access, version };
    },

    /** Unregisters a queue, unless the dead letters of another go there: returns its name. */
    async unregister(
      name: string,
      caller: Caller,
    ): Promise<"removed" | "unknown" | "forbidden" | { neededBy: string }> {
      const reply = (await run("unregister-4", keys, [callerArgument(caller, "manage"), name])) as
        | ["removed" | "unknown" | "forbidden"]
        | ["needed", string];
      return reply[0] === "needed" ? { neededBy: reply[1] } : reply[0];
    },

    /** Sets the access of a queue, and its owner unless that is undefined. */
    async setAccess(
      name: string,
      { access, owner, caller }: { access: string; owner: number | null | undefined; caller: Caller },
    ): Promise<Omit<RegisteredAccess, "access"> | "unknown" | "forbidden"> {
      const args = [callerArgument(caller, "manage"), name, access, owner === undefined ? "=" : (owner ?? "")];
      const [outcome, ...rest] = (await run("register-access-4", keys, args)) as
        | ["unknown" | "forbidden"]
        | ["ok", owner: string, version: string];
      return outcome === "ok" ? { owner: rest[0] ?? "", version: rest[1] ?? "" } : outcome;
    },

    /** The queues that an account owns. */
    async ownedBy(owner: string): Promise<string[]> {
      const owned = await redis.zrangebylex(accessKeys[1], `[${owner}/`, `(${owner}0`);
      return owned.map((entry) => entry.slice(owner.length + 1));
    },

    async isRegistered(name: string): Promise<boolean> {
      return (await redis.zscore(names, name)) !== null;
    },

    /** Whether dead letters of another queue go to this one. */
    async isDeadLetterQueue(name: string): Promise<boolean> {
      return (await redis.hvals(deadLetters)).includes(name);
    },

    /** The first `max` names after `after`, in byte order. */
    names(after: string | undefined, max: number): Promise<string[]> {
      return redis.zrangebylex(names, after === undefined ? "-" : `(${after}`, "+", "LIMIT", 0, max);
    },

    /**
     * The first `max` names after `after` of queues that the caller may read, in byte order. `last` is the name to continue after, undefined
     * at the end. There may be fewer names before the end, because the number of names that a call looks at is bounded.
     */
    async readableNames(
      caller: Caller,
      { after, max }: { after: string | undefined; max: number },
    ): Promise<{ names: string[]; last: string | undefined }> {
      const found: string[] = [];
      let last = after ?? "";
      for (let scans = 0; scans < maxScans && found.length < max; scans++) {
        const args = [callerArgument(caller, "read"), last, max - found.length, scannedAtOnce];
        const [looked = "", ...more] = (await run("list-names-4", keys, args)) as string[];
        found.push(...more);
        if (looked === "") return { names: found, last: undefined };
        last = looked;
      }
      return { names: found, last };
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
