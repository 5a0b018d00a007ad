import { queueKey, queueKeys, wakeChannel } from "../keys.ts";
import type { RunCommand } from "./load.ts";

/** A message that has left its queue and not yet arrived at its destination. The ticket is that of this one move. */
export interface OutgoingMessage {
  id: string;
  ticket: string;
  destination: string;
  payload: string;
  sentAt: number;
  priority: number;
  groupId: string;
  /** The queues that it died in on its way, joined by "/": redrive sends it to the last one. */
  origin: string;
}

/** Messages on their way out of one incarnation of a queue, by rising ticket. `more` tells that there are others behind them. */
export interface Outgoing {
  incarnation: string;
  messages: OutgoingMessage[];
  more: boolean;
}

const pageBytes = 4 * 1024 * 1024;

/** The steps of moving messages between queues; each touches one queue only and may be made again, by anybody. */
export function moveCommands(run: RunCommand, prefix: string) {
  const outbox = (queue: string) =>
    (["settings", "outbox", "records", "payloads"] as const).map((part) => queueKey(queue, part));

  return {
    /** The messages that have been on their way the longest, at most `max`, those after a ticket. */
    async outgoing(queue: string, page: { after: string; max: number }): Promise<Outgoing> {
      const args = [page.after, page.max, pageBytes];
      const reply = (await run("outgoing-4", outbox(queue), args)) as [string, string, ...unknown[]];
      const [incarnation, more, ...fields] = reply;
      const messages: OutgoingMessage[] = [];
      for (let at = 0; at < fields.length; at += 8) {
        const [id, ticket, destination, payload, sentAt, priority, groupId, origin] = fields.slice(at, at + 8) as [
          string,
          string,
          string,
          string,
          number,
          number,
          string,
          string,
        ];
        messages.push({ id, ticket, destination, payload, sentAt, priority, groupId, origin });
      }
      return { incarnation, messages, more: more === "1" };
    },

    /** Takes messages in, each move once; answers the tickets that were refused before, `undefined` when there is no such queue. */
    async accept(queue: string, source: string, messages: OutgoingMessage[]): Promise<string[] | undefined> {
      const args = messages.flatMap((one) => [
        one.id,
        one.ticket,
        one.payload,
        one.sentAt,
        one.priority,
        one.groupId,
        one.origin,
      ]);
      const keys = [...queueKeys(queue).slice(0, 9), queueKey(queue, "arrivals")];
      const refused = (await run("accept-10", keys, [wakeChannel(prefix, queue), source, ...args])) as string[] | null;
      return refused ?? undefined;
    },

    /** Refuses messages for a queue that does not exist; answers their tickets, `undefined` when it does. */
    async refuse(queue: string, source: string, messages: OutgoingMessage[]): Promise<string[] | undefined> {
      const keys = [queueKey(queue, "settings"), queueKey(queue, "arrivals")];
      const refused = (await run("refuse-2", keys, [source, ...messages.map(({ ticket }) => ticket)])) as
        | string[]
        | null;
      return refused ?? undefined;
    },

    /** Lets go of messages that have arrived. */
    async complete(queue: string, incarnation: string, messages: OutgoingMessage[]): Promise<void> {
      await run("complete-4", outbox(queue), [incarnation, ...tickets(messages)]);
    },

    /** Takes messages back that were refused. */
    async returnToSource(queue: string, incarnation: string, messages: OutgoingMessage[]): Promise<void> {
      const args = [wakeChannel(prefix, queue), incarnation, ...tickets(messages)];
      await run("return-9", queueKeys(queue).slice(0, 9), args);
    },

    /**
     * Starts the way back of dead letters, of those up to the number `last`. `known` says which queues exist; when it lacks some, they are in
     * `unknown`, and the same part has to be looked at again. `next` is undefined at the end. The answer is undefined when there is no such queue.
     */
    async redrive(
      queue: string,
      options: { last: string; after: string; max: number; known: Map<string, boolean> },
    ): Promise<{ last: string; moved: number; next: string | undefined; unknown: string[] } | undefined> {
      const known = [...options.known].flatMap(([name, exists]) => [name, exists ? 1 : 0]);
      const args = [wakeChannel(prefix, queue), options.last, options.after, options.max, ...known];
      const reply = (await run("redrive-9", queueKeys(queue).slice(0, 9), args)) as
        | [string, number, string, ...string[]]
        | null;
      if (!reply) return undefined;
      const [last, moved, next, ...unknown] = reply;
      return { last, moved, next: next === "" ? undefined : next, unknown };
    },
  };
}

export type MoveCommands = ReturnType<typeof moveCommands>;

function tickets(messages: OutgoingMessage[]): string[] {
  return messages.flatMap(({ id, ticket }) => [id, ticket]);
}
