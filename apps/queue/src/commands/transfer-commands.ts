import { commandKeys, queueKey, wakeChannel } from "../keys.ts";
import { isForbidden } from "../queue-errors.ts";
import { type Allowances, roomOf } from "./allowances.ts";
import { type Caller, callerArgument } from "./caller.ts";
import type { RunCommand } from "./load.ts";
import type { RedriveSelection } from "./redrive-commands.ts";

/** A message in the outbox of its queue, to be transferred to its destination. The ticket identifies this one transfer. */
export interface OutgoingMessage {
  id: string;
  ticket: string;
  destination: string;
  payload: string;
  sentAt: number;
  priority: number;
  groupId: string;
  /** The queues it was dead-lettered from, joined by "/": redrive sends it to the last one. */
  origin: string;
  sender: string;
  dedupeId: string;
  tenantId: string;
}

/** Messages in the outbox of one incarnation of a queue, by ascending ticket; `more` tells whether there may be further ones. */
export interface Outgoing {
  incarnation: string;
  /** The id of the account that owns the queue, or "", and its dead-letter queue, or "". */
  owner: string;
  deadLetterQueue: string;
  messages: OutgoingMessage[];
  more: boolean;
}

const maxPageBytes = 4 * 1024 * 1024;

/** The steps of a transfer between queues. Each affects one queue only, and may be repeated by any process. */
export function transferCommands(run: RunCommand, prefix: string, allowances: Allowances) {
  const outboxKeys = (queue: string) =>
    (["settings", "outbox", "records", "payloads"] as const).map((part) => queueKey(queue, part));

  return {
    /** The first `max` messages in the outbox after a ticket. */
    async listOutgoing(queue: string, page: { after: string; max: number }): Promise<Outgoing> {
      const args = [page.after, page.max, maxPageBytes];
      const reply = (await run("list-outgoing-4", outboxKeys(queue), args)) as [
        string,
        string,
        string,
        string,
        ...unknown[],
      ];
      const [incarnation, more, owner, deadLetterQueue, ...fields] = reply;
      const messages: OutgoingMessage[] = [];
      for (let at = 0; at < fields.length; at += 11) {
        const [id, ticket, destination, payload, sentAt, priority, groupId, origin, sender, dedupeId, tenantId] =
          fields.slice(at, at + 11) as [
            string,
            string,
            string,
            string,
            number,
            number,
            string,
            string,
            string,
            string,
            string,
          ];
        messages.push({
          id,
          ticket,
          destination,
          payload,
          sentAt,
          priority,
          groupId,
          origin,
          sender,
          dedupeId,
          tenantId,
        });
      }
      return { incarnation, owner, deadLetterQueue, messages, more: more === "1" };
    },

    /**
     * Accepts messages, each transfer once; from `sender`, the id of an account, only if it may send to the queue, from "" always. Returns the
     * tickets that were rejected before, or `undefined` when the queue does not exist or may not be sent to.
     * Throws 429 when the owner of the queue has no room for them.
     */
    async accept(
      queue: string,
      source: string,
      messages: OutgoingMessage[],
      sender = "",
    ): Promise<string[] | undefined> {
      const args = messages.flatMap((one) => [
        one.id,
        one.ticket,
        one.payload,
        one.sentAt,
        one.priority,
        one.groupId,
        one.origin,
        one.sender,
        one.dedupeId,
        one.tenantId,
      ]);
      const keys = [...commandKeys(queue), queueKey(queue, "arrivals")];
      const accept = () =>
        run("accept-14", keys, [wakeChannel(prefix, queue), senderArgument(sender), source, ...args]).catch(
          nullIfForbidden,
        ) as Promise<string[] | 3 | null>;
      let rejected = await accept();
      while (rejected === 3) {
        await allowances.extend(queue, roomOf(messages), { isTransfer: true });
        rejected = await accept();
      }
      return rejected ?? undefined;
    },

    /** Rejects messages for a queue that does not exist or may not be sent to. Returns the rejected tickets, or `undefined` when it may. */
    async reject(
      queue: string,
      source: string,
      messages: OutgoingMessage[],
      sender = "",
    ): Promise<string[] | undefined> {
      const keys = [queueKey(queue, "settings"), queueKey(queue, "arrivals")];
      const rejected = (await run("reject-2", keys, [
        senderArgument(sender),
        source,
        ...messages.map(({ ticket }) => ticket),
      ])) as string[] | null;
      return rejected ?? undefined;
    },

    /** Removes messages that the destination has accepted from the outbox. */
    async complete(queue: string, incarnation: string, messages: OutgoingMessage[]): Promise<void> {
      await run("complete-4", outboxKeys(queue), [incarnation, ...idsAndTickets(messages)]);
    },

    /** Returns messages that the destination has rejected from the outbox to the queue. */
    async returnToSource(queue: string, incarnation: string, messages: OutgoingMessage[]): Promise<void> {
      const args = [wakeChannel(prefix, queue), "", incarnation, ...idsAndTickets(messages)];
      await run("return-to-source-13", commandKeys(queue), args);
    },

    /**
     * Moves up to `max` messages of a redrive; `redrive` is "" for a new one, then what the last call returned, which is undefined when there
     * is nothing more to move. `known` tells which queues exist; `unknown` are those it lacks, which the next call needs. Returns
     * `undefined` when the queue does not exist.
     */
    async redrive(
      queue: string,
      options: RedriveSelection & { caller: Caller; redrive: string; max: number; known: Map<string, boolean> },
    ): Promise<{ redrive: string | undefined; moved: number; outgoing: number; unknown: string[] } | undefined> {
      const { caller, redrive, max, to, all, ids } = options;
      const known = [...options.known].flatMap(([name, exists]) => [name, Number(exists)]);
      const start = [wakeChannel(prefix, queue), callerArgument(caller, "receive")];
      const args = [...start, redrive, max, to, Number(all), ids.length, ...ids, ...known];
      const reply = (await run("redrive-13", commandKeys(queue), args)) as [string, number, number, ...string[]] | null;
      if (!reply) return undefined;
      const [next, moved, outgoing, ...unknown] = reply;
      return { redrive: next || undefined, moved, outgoing, unknown };
    },
  };
}

export type TransferCommands = ReturnType<typeof transferCommands>;

/** The sender of dead letters as a caller; "" for a queue of staff. */
function senderArgument(sender: string): string {
  return sender === "" ? "" : `send ${sender}`;
}

function nullIfForbidden(error: unknown): null {
  if (isForbidden(error)) return null;
  throw error;
}

function idsAndTickets(messages: OutgoingMessage[]): string[] {
  return messages.flatMap(({ id, ticket }) => [id, ticket]);
}
