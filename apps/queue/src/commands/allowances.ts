import { Problem } from "@quintet/http";
import { allowanceKeys, queueKey } from "../keys.ts";
import type { AccountLimits } from "../queues/limits.ts";
import type { RunCommand } from "./load.ts";
import type { RegistryCommands } from "./registry-commands.ts";

/** A number of messages and their bytes. */
export interface Room {
  messages: number;
  bytes: number;
}

/** The room that messages need. */
export function roomOf(messages: { payload: string }[]): Room {
  return { messages: messages.length, bytes: messages.reduce((sum, one) => sum + Buffer.byteLength(one.payload), 0) };
}

/** What the queues of each account may hold; see docs/decisions/queue-rights.md. */
export interface Allowances {
  /**
   * Allows a queue to hold `more` than it does. Nothing is to be done for a queue without an owner. Throws a 429 when its owner has no room
   * left for it; a transfer, which frees the same room elsewhere, may exceed the limit by a tenth.
   */
  extend(queue: string, more: Room, options: { isTransfer: boolean }): Promise<void>;
  /** Counts what the queues of an account hold, after it was given another queue. */
  recount(owner: string): Promise<void>;
}

/** A queue, its owner, and the version of the allowance that it knows. */
interface Asking {
  owner: string;
  queue: string;
  version: number;
}

/** How long the unused allowances of an account are left alone after they were taken back, plus the time that each queue takes. */
const reclaimMs = 1000;
const reclaimMsEach = 10;
const retrySeconds = "5";
/** A transfer may exceed the limits by a tenth, and at least by one step of a transfer. */
const transferRoom: Room = { messages: 100, bytes: 8 * 1024 * 1024 };

export function createAllowances(run: RunCommand, registry: RegistryCommands, limits: AccountLimits): Allowances {
  const usageKeys = (queue: string) => [queueKey(queue, "settings"), queueKey(queue, "records")];

  /** Allots room to a queue; returns the limit that has none. */
  const allot = async (
    { owner, queue, version }: Asking,
    holds: Room,
    more: Room,
    max: Room,
  ): Promise<keyof Room | undefined> => {
    const args = [queue, holds.messages, holds.bytes, more.messages, more.bytes, max.messages, max.bytes, version];
    const reply = (await run("allot-1", [allowanceKeys(owner)[0]], args)) as 1 | 2 | [number, string, string];
    if (reply === 1) return "messages";
    if (reply === 2) return "bytes";
    await run("allow-1", [queueKey(queue, "settings")], [owner, ...reply]);
    return undefined;
  };

  /** Takes back what the queues of an account do not use, unless that was done a moment ago. Returns whether it was done. */
  const reclaim = async (owner: string, always = false): Promise<boolean> => {
    const owned = await registry.ownedBy(owner);
    const args = [reclaimMs + reclaimMsEach * owned.length, Number(always)];
    const begun = (await run("begin-reclaim-2", allowanceKeys(owner), args)) as [number, ...string[]] | null;
    if (!begun) return false;
    const [version, ...allotted] = begun;
    const reclaimed = await Promise.all(
      [...new Set([...owned, ...allotted])].map(async (queue) => {
        const reply = run("reclaim-2", usageKeys(queue), [owner, version]) as Promise<[number, number] | 0 | null>;
        // What a broken queue holds is unknown and stays as it is.
        const held = await reply.catch(() => 0 as const);
        return held === 0 ? [] : [queue, ...(held ?? ["", ""])];
      }),
    );
    await run("record-allowances-1", [allowanceKeys(owner)[0]], [version, ...reclaimed.flat()]);
    return true;
  };

  return {
    async recount(owner) {
      await reclaim(owner, true);
    },

    async extend(queue, more, { isTransfer }) {
      const usage = (await run("read-usage-2", usageKeys(queue), [])) as [string, number, number, number] | null;
      if (!usage || usage[0] === "") return;
      const [owner, messages, bytes, version] = usage;
      const max = {
        messages: isTransfer ? withTransfers(limits.maxMessages, transferRoom.messages) : limits.maxMessages,
        bytes: isTransfer ? withTransfers(limits.maxBytes, transferRoom.bytes) : limits.maxBytes,
      };
      const tryAllot = () => allot({ owner, queue, version }, { messages, bytes }, more, max);
      let missing: keyof Room | undefined = await tryAllot();
      if (missing && (await reclaim(owner))) missing = await tryAllot();
      if (missing) throw quotaProblem(queue, missing, limits);
    },
  };
}

function withTransfers(max: number, least: number): number {
  return max + Math.max(least, Math.ceil(max / 10));
}

function quotaProblem(queue: string, missing: keyof Room, limits: AccountLimits): Problem {
  const limit =
    missing === "messages"
      ? `${limits.maxMessages} messages (QUEUE_ACCOUNT_MAX_MESSAGES)`
      : `${limits.maxBytes} bytes of messages (QUEUE_ACCOUNT_MAX_BYTES)`;
  return new Problem(
    "too-many-requests",
    `The account that owns the queue ${queue} may have at most ${limit} in all its queues. Ack or purge messages first.`,
    { headers: { "Retry-After": retrySeconds } },
  );
}
