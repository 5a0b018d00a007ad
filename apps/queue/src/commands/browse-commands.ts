import type { Right } from "./caller.ts";
import type { RunCommand } from "./load.ts";

/** The states of a message in a queue. A `moving` one is being transferred to another queue. */
export const messageStates = ["ready", "blocked", "delayed", "leased", "dead", "moving"] as const;
export type MessageState = (typeof messageStates)[number];

/** A message as it is in its queue. Empty texts mean none; times are ms since 1970, 0 means never. */
export interface StoredMessage {
  id: string;
  state: MessageState;
  /** When it can be received, or since when it could. */
  availableAt: number;
  /** The end of its lease. */
  leaseEnd: number;
  sentAt: number;
  receives: number;
  firstReceivedAt: number;
  priority: number;
  groupId: string;
  tenantId: string;
  /** Account id. */
  sender: string;
  dedupeId: string;
  /** The queues it was dead-lettered from, joined by "/"; the last one is the most recent. */
  origin: string;
  /** Bytes of its payload. */
  bytes: number;
  /** How many bytes at the end of `payload` are left out. */
  cutBytes: number;
  payload: string;
}

/** A set of a queue's messages that can be read in its order: one of its keys, a range of its groups, or one message. */
export type MessageSet =
  | { set: "ready" | "delayed" | "leases" | "ages" | "outbox" | "dead" }
  /**
   * `start` is what the members of the set begin with; "" for all that are not in flight. With `state` it stands for its messages in that
   * state only.
   */
  | { set: "groups"; start: string; state?: MessageState }
  | { set: "id"; start: string };

/** A position in a set: a score and a member. */
export type SetPosition = [score: string, member: string];

/** What the messages must have in common; everything that is left out may differ. */
export interface MessageFilter {
  state?: MessageState | undefined;
  groupId?: string | undefined;
  tenantId?: string | undefined;
  attribute?: { name: string; value: string } | undefined;
}

/** How many messages one command looks at, and how many bytes of them it reads. */
const maxSeen = 250;
const maxBytes = 4 * 1024 * 1024;

type RunOn = (
  name: Parameters<RunCommand>[0],
  queue: string,
  right: Right,
  args: (string | number)[],
) => Promise<unknown>;

/** The commands that look at the messages of a queue without receiving them. Each returns `undefined` when the queue does not exist. */
export function browseCommands(runOn: RunOn, runOnce: RunOn) {
  return {
    /**
     * Up to `max` messages of a set after a position, in the order of the set, of those that the filter selects. `next` is the position to
     * continue after, even when there are none: a command looks at few messages at a time. It is undefined at the end.
     */
    async listMessages(
      queue: string,
      from: MessageSet & { after?: SetPosition | undefined },
      options: MessageFilter & { max: number; maxBodyBytes?: number | undefined },
    ): Promise<{ messages: StoredMessage[]; next: SetPosition | undefined } | undefined> {
      const { state = "", groupId = "", tenantId = "", attribute = { name: "", value: "" } } = options;
      const reply = (await runOn("list-messages-13", queue, "receive", [
        from.set,
        "start" in from ? from.start : "",
        ...(from.after ?? ["", ""]),
        options.max,
        maxSeen,
        maxBytes,
        options.maxBodyBytes ?? "",
        ...[state, groupId, tenantId, attribute.name, attribute.value],
      ])) as [string, string, ...unknown[]] | null;
      if (!reply) return undefined;
      const [score, member, ...fields] = reply;
      const messages: StoredMessage[] = [];
      for (let at = 0; at < fields.length; at += 16) messages.push(storedMessage(fields.slice(at, at + 16)));
      return { messages, next: score === "" ? undefined : [score, member] };
    },

    /** Deletes a message, also a leased one. One in transfer stays. */
    async cancel(queue: string, id: string): Promise<"deleted" | "missing" | "moving" | undefined> {
      const reply = (await runOnce("cancel-14", queue, "receive", [id])) as ["deleted" | "missing" | "moving"] | null;
      return reply?.[0];
    },

    /** Sets in how many ms a message can be received. Returns what prevents it, "" for nothing. */
    async postpone(queue: string, id: string, delayMs: number): Promise<"" | "missing" | MessageState | undefined> {
      const reply = (await runOnce("postpone-14", queue, "receive", [id, delayMs])) as
        | ["" | "missing" | MessageState]
        | null;
      return reply?.[0];
    },
  };
}

function storedMessage(fields: unknown[]): StoredMessage {
  const text = (at: number) => String(fields[at]);
  const number = (at: number) => Number(fields[at]);
  return {
    id: text(0),
    state: text(1) as MessageState,
    availableAt: number(2),
    leaseEnd: number(3),
    sentAt: number(4),
    receives: number(5),
    firstReceivedAt: number(6),
    priority: number(7),
    groupId: text(8),
    tenantId: text(9),
    sender: text(10),
    dedupeId: text(11),
    origin: text(12),
    bytes: number(13),
    cutBytes: number(14),
    payload: text(15),
  };
}
