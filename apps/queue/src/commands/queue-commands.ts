import { randomUUID } from "node:crypto";
import type { Redis } from "@quintet/db";
import type { KeyedRequest } from "@quintet/http";
import { queueKey, queueKeys, sentKey, wakeChannel } from "../keys.ts";
import { noteOutcome, rememberedMs } from "./keyed-records.ts";
import type { RunCommand } from "./load.ts";
import { ownRuns } from "./own-runs.ts";

/** A message on its way into a queue. `payload` is JSON text; `delayMs` is the queue's own when it is left out. */
export interface NewMessage {
  id: string;
  payload: string;
  delayMs: number | undefined;
  dedupeId: string;
  groupId: string;
  priority: number;
}

/** What became of a message: `duplicate` when its dedupeId was known, and `id` is that of the first. */
export interface SentMessage {
  id: string;
  duplicate: boolean;
}

/** A message in the hands of one receiver. Empty texts stand for "none"; times are ms since 1970. */
export interface LeasedMessage {
  id: string;
  payload: string;
  sentAt: number;
  receives: number;
  priority: number;
  groupId: string;
  /** The queues that it died in, joined by "/"; the last one is the one that it is a dead letter of. */
  origin: string;
}

export interface Claim {
  messages: LeasedMessage[];
  leaseEnd: number;
  /** Ms until a delay or a lease of this queue ends; -1 when there is none. */
  nextChangeMs: number;
  stillReady: number;
  outgoing: number;
}

/** One delivery: the message's id and the secret of its lease. */
export interface Delivery {
  id: string;
  lease: string;
}

export interface QueueState {
  /** Whether time has brought more than one command does at once. */
  unsettled: boolean;
  length: number;
  ready: number;
  delayed: number;
  leased: number;
  outgoing: number;
  /** Ms until a delay, a lease or the time of a message ends; undefined when nothing will happen by itself. */
  dueMs: number | undefined;
  /** Fields of the settings as they are stored. */
  settings: Record<string, string>;
}

const dedupeMs = 5 * 60_000;
const claimBytes = 4 * 1024 * 1024;

/** The commands on one named queue. Each answers `undefined` when there is no such queue. */
export function queueCommands(redis: Redis, run: RunCommand, prefix: string) {
  const on = (name: Parameters<RunCommand>[0], queue: string, args: (string | number)[]) =>
    run(name, queueKeys(queue).slice(0, 9), [wakeChannel(prefix, queue), ...args]);
  const inOwnRun = ownRuns();
  /** A command that knows its own earlier run, when that was sent and its answer was lost. */
  const once = (name: Parameters<RunCommand>[0], queue: string, args: (string | number)[]) =>
    inOwnRun(queue, (key, id) =>
      run(name, [...queueKeys(queue).slice(0, 9), key], [wakeChannel(prefix, queue), id, ...args]),
    );

  return {
    /** Adds messages, all or none, and once for a keyed request; answers what became of each. */
    async send(
      queue: string,
      messages: NewMessage[],
      request?: KeyedRequest,
    ): Promise<SentMessage[] | "full" | undefined> {
      const args = messages.flatMap((one) => [
        one.id,
        one.payload,
        one.delayMs ?? "",
        one.dedupeId,
        one.groupId,
        one.priority,
      ]);
      const keys = queueKeys(queue).slice(0, 11);
      const send = (key: string, id: string, remembered: number | "", fingerprint = "") =>
        run("send-12", [...keys, key], [wakeChannel(prefix, queue), id, remembered, fingerprint, dedupeMs, ...args]);
      const ownRun = randomUUID();
      const sent =
        request === undefined
          ? inOwnRun(queue, (key, id) => send(key, id, ""))
          : send(sentKey(queue, request.key), ownRun, rememberedMs, request.fingerprint);
      const reply = (await sent) as string[] | 0 | null;
      if (reply === 0) return "full";
      if (reply && request) {
        const [fingerprint = "", run = ""] = reply.splice(0, 2);
        noteOutcome(request, fingerprint, run === ownRun);
      }
      return reply?.map((text) => {
        const duplicate = text.startsWith("=");
        return { id: duplicate ? text.slice(1) : text, duplicate };
      });
    },

    /** Leases the first ready messages to the one who knows `lease`. */
    async claim(
      queue: string,
      wanted: { max: number; visibilityMs: number | undefined; lease: string },
    ): Promise<Claim | undefined> {
      const args = [wakeChannel(prefix, queue), wanted.lease, wanted.max, wanted.visibilityMs ?? "", claimBytes];
      const reply = (await inOwnRun(queue, (key) => run("claim-10", [...queueKeys(queue).slice(0, 9), key], args))) as
        | [number, number, number, number, ...unknown[]]
        | null;
      if (!reply) return undefined;
      const [nextChangeMs, stillReady, outgoing, leaseEnd, ...fields] = reply;
      const messages: LeasedMessage[] = [];
      for (let at = 0; at < fields.length; at += 7) {
        const [id, payload, sentAt, receives, priority, groupId, origin] = fields.slice(at, at + 7) as [
          string,
          string,
          number,
          number,
          number,
          string,
          string,
        ];
        messages.push({ id, payload, sentAt, receives, priority, groupId, origin });
      }
      return { messages, leaseEnd, nextChangeMs, stillReady, outgoing };
    },

    /** Removes messages; for each whether the lease was held. */
    async ack(queue: string, deliveries: Delivery[]): Promise<boolean[] | undefined> {
      const reply = (await once("ack-10", queue, flat(deliveries))) as number[] | null;
      return reply?.map((one) => one === 1);
    },

    /** Gives messages back; `uncounted` when they never reached their receiver. */
    async release(
      queue: string,
      deliveries: Delivery[],
      options: { delayMs: number; uncounted: boolean },
    ): Promise<{ outgoing: number; held: boolean[] } | undefined> {
      const args = [options.delayMs, options.uncounted ? 1 : 0, ...flat(deliveries)];
      const reply = (await once("release-10", queue, args)) as [number, ...number[]] | null;
      return reply ? { outgoing: reply[0], held: reply.slice(1).map((one) => one === 1) } : undefined;
    },

    /** Gives leases a new end, `visibilityMs` from now. */
    async extend(
      queue: string,
      deliveries: Delivery[],
      visibilityMs: number,
    ): Promise<{ leaseEnd: number; held: boolean[] } | undefined> {
      const reply = (await once("extend-10", queue, [visibilityMs, ...flat(deliveries)])) as
        | [number, ...number[]]
        | null;
      return reply ? { leaseEnd: reply[0], held: reply.slice(1).map((one) => one === 1) } : undefined;
    },

    /** Does what time has brought and counts; counts what there is while Redis takes no writes. */
    async settle(queue: string): Promise<QueueState | undefined> {
      let settles = true;
      const found = run("settle-11", queueKeys(queue).slice(0, 11), [wakeChannel(prefix, queue), dedupeMs]).catch(
        (error: unknown) => {
          if (!takesNoWrites(error)) throw error;
          settles = false;
          return on("look-9", queue, []);
        },
      );
      const reply = (await found) as [number, number, number, number, number, number, number] | null;
      if (!reply) return undefined;
      const [more, length, ready, delayed, leased, outgoing, due, ...fields] = reply as [...typeof reply, ...string[]];
      const settings: Record<string, string> = {};
      for (let at = 0; at + 1 < fields.length; at += 2) settings[fields[at] ?? ""] = fields[at + 1] ?? "";
      const dueMs = due < 0 ? undefined : due;
      return { unsettled: settles && more === 1, length, ready, delayed, leased, outgoing, dueMs, settings };
    },

    /** Removes every message; answers how many there were. */
    async purge(queue: string): Promise<number | undefined> {
      return ((await on("purge-9", queue, [])) as number | null) ?? undefined;
    },

    /** Writes settings; answers whether the queue is new. */
    async configure(queue: string, fields: Record<string, string | number>): Promise<boolean> {
      const keys = [queueKey(queue, "settings"), queueKey(queue, "arrivals")];
      return (await run("configure-2", keys, [randomUUID(), ...Object.entries(fields).flat()])) === 1;
    },

    /** What tells this queue from others that had its name; "" when there is none, and for one of a version without. */
    async incarnation(queue: string): Promise<string> {
      return (await redis.hget(queueKey(queue, "settings"), "incarnation")) ?? "";
    },

    async exists(queue: string): Promise<boolean> {
      return (await redis.exists(queueKey(queue, "settings"))) === 1;
    },

    /** Removes the queue with all that is in it and tells its waiting receivers, unless something is on its way from it to another queue and it is not broken. */
    async destroy(queue: string, { broken = false } = {}): Promise<"gone" | "none" | "moving"> {
      const reply = await run("destroy-12", queueKeys(queue), [wakeChannel(prefix, queue), Number(broken)]);
      return reply as "gone" | "none" | "moving";
    },
  };
}

export type QueueCommands = ReturnType<typeof queueCommands>;

/** Whether Redis refuses every write just now, also those that need no memory: its disk is full, or it is a replica. */
function takesNoWrites(error: unknown): boolean {
  return error instanceof Error && /^(?:MISCONF|READONLY) /.test(error.message);
}

function flat(deliveries: Delivery[]): string[] {
  return deliveries.flatMap(({ id, lease }) => [id, lease]);
}
