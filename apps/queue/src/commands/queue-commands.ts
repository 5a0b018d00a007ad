import { createHash, randomUUID } from "node:crypto";
import type { Redis } from "@quintet/db";
import type { KeyedRequest } from "@quintet/http";
import { attemptKey, commandKeys, firedKey, queueKey, queueKeys, sentKey, wakeChannel } from "../keys.ts";
import { unpack } from "../messages/packed.ts";
import { type Allowances, roomOf } from "./allowances.ts";
import { browseCommands } from "./browse-commands.ts";
import { type Caller, callerArgument, type Right, system } from "./caller.ts";
import { recordTtlMs, setOutcome } from "./keyed-requests.ts";
import type { RunCommand } from "./load.ts";
import type { RegisteredAccess } from "./registry-commands.ts";
import { replyKeys } from "./reply-keys.ts";

/** A message to send. `payload` is its stored form, by `pack`; without `delayMs` the delay of the queue applies. */
export interface NewMessage {
  id: string;
  payload: string;
  delayMs: number | undefined;
  /** When it can first be received, ms since 1970; instead of `delayMs`. */
  sendAt?: number | undefined;
  dedupeId: string;
  /** Digest of the body for queues that deduplicate by content, which ask for it; by default SHA-256 of its JSON text. */
  digest?: () => string;
  groupId: string;
  /** Whom it belongs to, for fairness; blocks nothing. */
  tenantId?: string;
  priority: number;
}

/** A request of a series: messages are added only if its number is above those of all earlier ones, and no result is returned for them. */
export interface OneOfSeries {
  series: string;
  number: number;
}

/** The result of sending a message. A `duplicate` was not added, and `id` is that of the first message with its dedupeId. */
export interface SentMessage {
  id: string;
  duplicate: boolean;
  /** Ascending in the order of sending; undefined when the first message is gone, or an earlier version has sent it. */
  number: number | undefined;
}

/** A message leased to a receiver. Empty texts mean none; times are ms since 1970. */
export interface LeasedMessage {
  id: string;
  /** JSON text of the body. */
  payload: string;
  /** JSON text of the attributes by name; "" when there are none. */
  attributes: string;
  sentAt: number;
  receives: number;
  priority: number;
  groupId: string;
  /** The queues it was dead-lettered from, joined by "/"; the last one is the most recent. */
  origin: string;
  /** Ms since 1970. */
  firstReceivedAt: number;
  /** Id of the account that sent it. */
  sender: string;
  dedupeId: string;
  tenantId: string;
  /** Ascending in the order of sending. */
  number: number;
}

/** What to claim. */
export interface ClaimOptions {
  max: number;
  visibilityMs: number | undefined;
  /** The secret of this delivery. */
  lease: string;
  /** For five minutes, another claim with it gets the same messages under the same lease, as long as all of them are still leased. */
  attemptId?: string | undefined;
  /** Whether the receiver waits: messages that come later are then announced on the wake channel. */
  waits?: boolean;
}

/** The result of a claim. */
export interface Claim {
  messages: LeasedMessage[];
  /** The secret of the delivery: that of an earlier claim when it was the same attempt. */
  lease: string;
  leaseEnd: number;
  /** Ms until something in this queue may become due. */
  nextChangeMs: number;
  /** The number of messages that are still ready, as far as it is known: 0 when fewer were found than wanted. */
  stillReady: number;
  /** The number of messages in the outbox. */
  outgoing: number;
}

/** One delivery: the message's id and the secret of its lease. */
export interface Delivery {
  id: string;
  lease: string;
}

/** The state of a queue: how many messages it has, by their state, and its settings. */
export interface QueueState {
  /** Whether more is due than one command applies. */
  moreDue: boolean;
  length: number;
  ready: number;
  delayed: number;
  leased: number;
  outgoing: number;
  /** Received too often, and kept as dead letters of the queue itself. */
  dead: number;
  /** Size of all messages in their stored form. */
  bytes: number;
  /** How long the message that was available first has been there; undefined when none is available. */
  oldestAgeMs: number | undefined;
  /** Ms until a delay or a lease ends or a message expires; undefined when nothing will become due by itself. */
  dueMs: number | undefined;
  /** Fields of the settings as they are stored. */
  settings: Record<string, string>;
}

const attemptTtlMs = 5 * 60_000;
/** Longer than any client waits for a reply. */
const claimTtlMs = 60_000;
/** How long a queue announces messages after a receiver began to wait: longer than `maxSilentMs` of `waiting-line.ts`, where it asks again. */
const listenMs = 60_000;
const maxClaimBytes = 4 * 1024 * 1024;

/**
 * The commands on a named queue, for the app itself; `as` gives those for a caller. Each returns `undefined` when the queue does not exist,
 * and throws 403 when the caller has no right to do this with it.
 */
export interface QueueCommands extends CommandsOfCaller {
  as(caller: Caller): CommandsOfCaller;
}

export type CommandsOfCaller = ReturnType<typeof commandsOfCaller>;

export function queueCommands(redis: Redis, run: RunCommand, prefix: string, allowances: Allowances): QueueCommands {
  const withReplyKey = replyKeys();
  const digestQueues = new Set<string>();
  const as = (caller: Caller) =>
    commandsOfCaller(caller, { redis, run, prefix, allowances, withReplyKey, digestQueues });
  return { ...as(system), as };
}

interface CommandDeps {
  redis: Redis;
  run: RunCommand;
  prefix: string;
  allowances: Allowances;
  withReplyKey: ReturnType<typeof replyKeys>;
  /** Queues that have asked for digests of bodies. */
  digestQueues: Set<string>;
}

function commandsOfCaller(caller: Caller, { redis, run, prefix, allowances, withReplyKey, digestQueues }: CommandDeps) {
  const start = (queue: string, right: Right) => [wakeChannel(prefix, queue), callerArgument(caller, right)];
  const runOn = (name: Parameters<RunCommand>[0], queue: string, right: Right, args: (string | number)[]) =>
    run(name, commandKeys(queue), [...start(queue, right), ...args]);
  /** Runs an idempotent command: a retry after a lost reply gets the reply of the first run. */
  const runOnce = (name: Parameters<RunCommand>[0], queue: string, right: Right, args: (string | number)[]) =>
    withReplyKey(queue, (key, runId) =>
      run(name, [...commandKeys(queue), key], [...start(queue, right), runId, ...args]),
    );

  return {
    ...browseCommands(runOn, runOnce),

    /**
     * Adds messages, all or none, once for a keyed request. Returns a result for each, or the limit of
     * the queue that they exceed. Throws 429 when the owner of the queue has no room for them.
     */
    async send(
      queue: string,
      messages: NewMessage[],
      request?: KeyedRequest | OneOfSeries,
    ): Promise<SentMessage[] | "maxLength" | "maxBytes" | undefined> {
      const ownRunId = randomUUID();
      const send = (withDigests: boolean) => {
        const args = textsOf(messages, withDigests);
        const sendBy = (key: string, runId: string, recordTtl: number | "" | "series", fingerprint: string | number) =>
          run(
            "send-14",
            [...commandKeys(queue), key],
            [...start(queue, "send"), runId, recordTtl, fingerprint, caller.accountId ?? "", ...args],
          );
        if (request === undefined) return withReplyKey(queue, (key, runId) => sendBy(key, runId, "", ""));
        return "series" in request
          ? sendBy(firedKey(queue, request.series), ownRunId, "series", request.number)
          : sendBy(sentKey(queue, request.key), ownRunId, recordTtlMs, request.fingerprint);
      };
      const trySend = async () => (await send(digestQueues.has(queue))) as string | string[] | 0 | 1 | 2 | 3 | null;
      let reply = await trySend();
      for (; reply === 2 || reply === 3; reply = await trySend()) {
        if (reply === 2) digestQueues.add(queue);
        else await allowances.extend(queue, roomOf(messages), { isTransfer: false });
      }
      if (reply === 0) return "maxLength";
      if (reply === 1) return "maxBytes";
      if (request && "series" in request) return reply === null ? undefined : [];
      if (reply === null) return undefined;
      if (typeof reply === "string" && reply.startsWith("+")) {
        return messages.map(({ id }, i) => ({ id, duplicate: false, number: Number(reply) + i }));
      }
      const lines = typeof reply === "string" ? reply.split("\n") : reply;
      if (request) {
        const [fingerprint = "", runId = ""] = lines.splice(0, 2);
        setOutcome(request, fingerprint, runId === ownRunId);
      }
      return lines.map((line, i) => toSentMessage(line, request ? undefined : messages[i]?.id));
    },

    /** Leases the first ready messages. */
    async claim(
      queue: string,
      { max, visibilityMs, lease, attemptId, waits = false }: ClaimOptions,
    ): Promise<Claim | undefined> {
      const isAttempt = attemptId !== undefined;
      const args = [lease, max, visibilityMs ?? "", maxClaimBytes, waits ? listenMs : 0];
      const runClaim = (key: string) =>
        run(
          "claim-14",
          [...commandKeys(queue), key],
          [...start(queue, "receive"), ...args, isAttempt ? attemptTtlMs : claimTtlMs, Number(isAttempt)],
        );
      const reply = (await (isAttempt ? runClaim(attemptKey(queue, attemptId)) : withReplyKey(queue, runClaim))) as
        | [number, number, number, string, number, string, string]
        | null;
      if (!reply) return undefined;
      const [nextChangeMs, stillReady, outgoing, heldLease, leaseEnd, heads, payloads] = reply;
      const messages = heads === "" ? [] : toLeasedMessages(heads, payloads);
      return { messages, lease: heldLease, leaseEnd, nextChangeMs, stillReady, outgoing };
    },

    /** Deletes messages. Returns for each whether its lease was held. */
    async ack(queue: string, deliveries: Delivery[]): Promise<boolean[] | undefined> {
      const reply = (await runOnce("ack-14", queue, "receive", [idsAndLeases(deliveries).join("\0")])) as
        | [string]
        | null;
      return reply?.[0].split("").map((one) => one === "1");
    },

    /** Returns messages to the queue, without `delayMs` after its back-off; `uncounted` when they never reached their receiver. */
    async release(
      queue: string,
      deliveries: Delivery[],
      options: { delayMs: number | undefined; uncounted: boolean },
    ): Promise<{ outgoing: number; held: boolean[] } | undefined> {
      const args = [options.delayMs ?? "", options.uncounted ? 1 : 0, ...idsAndLeases(deliveries)];
      const reply = (await runOnce("release-14", queue, "receive", args)) as [number, ...number[]] | null;
      return reply ? { outgoing: reply[0], held: reply.slice(1).map((one) => one === 1) } : undefined;
    },

    /** Sets a new end for leases, `visibilityMs` from now. */
    async extend(
      queue: string,
      deliveries: Delivery[],
      visibilityMs: number,
    ): Promise<{ leaseEnd: number; held: boolean[] } | undefined> {
      const reply = (await runOnce("extend-14", queue, "receive", [visibilityMs, ...idsAndLeases(deliveries)])) as
        | [number, ...number[]]
        | null;
      return reply ? { leaseEnd: reply[0], held: reply.slice(1).map((one) => one === 1) } : undefined;
    },

    /** Applies what has become due and returns the state of the queue; while Redis refuses writes, only returns the state. */
    async refresh(queue: string): Promise<QueueState | undefined> {
      let writable = true;
      const found = runOn("refresh-13", queue, "read", []).catch((error: unknown) => {
        if (!refusesWrites(error)) throw error;
        writable = false;
        return runOn("read-state-13", queue, "read", []);
      });
      const reply = (await found) as [...StateNumbers, ...string[]] | null;
      if (!reply) return undefined;
      const [more, length, ready, delayed, leased, outgoing, dead, due, age, ...fields] = reply;
      const settings: Record<string, string> = {};
      for (let at = 0; at + 1 < fields.length; at += 2) settings[fields[at] ?? ""] = fields[at + 1] ?? "";
      return {
        moreDue: writable && more === 1,
        length,
        ready,
        delayed,
        leased,
        outgoing,
        dead,
        bytes: Number(settings.bytes ?? 0),
        oldestAgeMs: age < 0 ? undefined : age,
        dueMs: due < 0 ? undefined : due,
        settings,
      };
    },

    /** Deletes all messages. Returns how many there were. */
    async purge(queue: string): Promise<number | undefined> {
      return ((await runOn("purge-13", queue, "manage", [])) as number | null) ?? undefined;
    },

    /** Creates the queue, with this access, or replaces its settings; "other" when the queue belongs to another owner. */
    async configure(
      queue: string,
      fields: Record<string, string | number>,
      { owner, access, version }: RegisteredAccess = { owner: "", access: "", version: "0" },
    ): Promise<"created" | "changed" | "other"> {
      const keys = [queueKey(queue, "settings"), queueKey(queue, "arrivals")];
      const args = [randomUUID(), owner, access, version, ...Object.entries(fields).flat()];
      const reply = await run("configure-2", keys, args);
      return reply === 1 ? "created" : reply === 0 ? "changed" : "other";
    },

    /** Sets the owner and the access, unless there is a later version. Returns whether the queue exists. */
    async setAccess(queue: string, { owner, access, version }: RegisteredAccess): Promise<boolean> {
      return (await run("set-access-1", [queueKey(queue, "settings")], [version, owner, access])) === 1;
    },

    /** The owner of the queue and its access, as Redis stores them. Throws 403 when the caller may not read the queue. */
    async access(queue: string): Promise<{ owner?: string; access?: string } | undefined> {
      const args = [callerArgument(caller, "read")];
      const reply = (await run("check-right-1", [queueKey(queue, "settings")], args)) as (string | null)[] | null;
      if (!reply) return undefined;
      const [owner, access] = reply;
      return { ...(owner && { owner }), ...(typeof access === "string" && { access }) };
    },

    /** Whether the queue exists. Throws 403 when the caller has no such right to it. */
    async check(queue: string, right: Right): Promise<boolean> {
      return (await run("check-right-1", [queueKey(queue, "settings")], [callerArgument(caller, right)])) !== null;
    },

    /**
     * Keeps a stream open for `openMs` more: until then, acks and nacks in any process are published. Returns the length of a lease by the
     * setting of the queue, and for each delivery how long its lease lasts, 0 when it is not held; in ms.
     */
    async watch(
      queue: string,
      deliveries: Delivery[],
      openMs: number,
    ): Promise<{ visibilityMs: number; leftMs: number[] } | undefined> {
      const keys = [queueKey(queue, "settings"), queueKey(queue, "records"), queueKey(queue, "leases")];
      const args = [callerArgument(caller, "receive"), openMs, ...idsAndLeases(deliveries)];
      const reply = (await run("watch-3", keys, args)) as [number, ...number[]] | null;
      return reply ? { visibilityMs: reply[0] * 1000, leftMs: reply.slice(1) } : undefined;
    },

    /** Distinguishes the queue from earlier ones of its name; "" when it does not exist or an earlier version created it. */
    async incarnation(queue: string): Promise<string> {
      return (await redis.hget(queueKey(queue, "settings"), "incarnation")) ?? "";
    },

    async exists(queue: string): Promise<boolean> {
      return (await redis.exists(queueKey(queue, "settings"))) === 1;
    },

    /**
     * Deletes the queue with all its messages and wakes its waiting receivers; "transferring" when its outbox has messages, which prevents it
     * unless the queue is `broken`; "missing" when it does not exist.
     */
    async delete(queue: string, { broken = false } = {}): Promise<"deleted" | "missing" | "transferring"> {
      const reply = await run("delete-15", queueKeys(queue), [...start(queue, "manage"), Number(broken)]);
      return reply as "deleted" | "missing" | "transferring";
    },
  };
}

/** Whether Redis refuses all writes, even those that need no memory: its disk is full, or it is a replica. */
function refusesWrites(error: unknown): boolean {
  return error instanceof Error && /^(?:MISCONF|READONLY) /.test(error.message);
}

function digestOf({ digest, payload }: NewMessage): string {
  return digest?.() ?? createHash("sha256").update(unpack(payload).body).digest("hex");
}

type StateNumbers = [number, number, number, number, number, number, number, number, number];

/** Payloads and heads of messages as `send` takes them: two texts. */
function textsOf(messages: NewMessage[], withDigests: boolean): [payloads: string, heads: string] {
  const payloads = messages.map(({ payload }) => payload).join("\0");
  if (!withDigests && messages.every(isBare)) return [payloads, messages.map(({ id }) => id).join("\0")];
  const heads = messages.flatMap((one) => [
    one.id,
    one.sendAt === undefined ? (one.delayMs ?? "") : `@${Math.ceil(one.sendAt)}`,
    one.dedupeId,
    withDigests && one.dedupeId === "" ? digestOf(one) : "",
    one.groupId,
    one.priority,
    one.tenantId ?? "",
  ]);
  return [payloads, heads.join("\0")];
}

/** Whether a message has nothing but its payload. */
function isBare({ delayMs, sendAt, dedupeId, groupId, tenantId = "", priority }: NewMessage): boolean {
  const hasDelay = delayMs !== undefined || sendAt !== undefined;
  return !hasDelay && dedupeId === "" && groupId === "" && tenantId === "" && priority === 0;
}

/** A line of the result of `send`; `ownId` is left out where the lines have the ids of new messages. */
function toSentMessage(line: string, ownId: string | undefined): SentMessage {
  const duplicate = line.startsWith("=");
  if (!duplicate && ownId !== undefined) {
    return { id: ownId, duplicate, number: line === "" ? undefined : Number(line) };
  }
  const [id = "", number] = (duplicate ? line.slice(1) : line).split(" ");
  return { id, duplicate, number: number === undefined ? undefined : Number(number) };
}

/** The messages of a claim; see `claim-14.lua`. */
function toLeasedMessages(heads: string, payloads: string): LeasedMessage[] {
  const lines = heads.split("\n");
  return payloads.split("\0").map((stored, i) => {
    const at = i * 11;
    const text = (line: number) => lines[at + line] ?? "";
    const { body, attributes } = unpack(stored);
    return {
      id: text(0),
      payload: body,
      attributes,
      sentAt: Number(text(1)),
      receives: Number(text(2)),
      priority: Number(text(3)),
      groupId: text(4),
      origin: text(5),
      firstReceivedAt: Number(text(6)),
      sender: text(7),
      dedupeId: text(8),
      tenantId: text(9),
      number: Number(text(10)),
    };
  });
}

function idsAndLeases(deliveries: Delivery[]): string[] {
  return deliveries.flatMap(({ id, lease }) => [id, lease]);
}
