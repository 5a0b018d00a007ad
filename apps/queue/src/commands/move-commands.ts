import { queueKeys, wakeChannel } from "../keys.ts";
import type { RunCommand } from "./load.ts";

/** A message that has left its queue and not yet arrived at `goal`. The ticket is that of this one move. */
export interface OutgoingMessage {
  id: string;
  ticket: string;
  goal: string;
  payload: string;
  sentAt: number;
  priority: number;
  groupId: string;
  source: string;
}

/** The steps of moving messages between queues; each touches one queue only and may be done again. */
export function moveCommands(run: RunCommand, prefix: string) {
  const all = (queue: string) => queueKeys(queue).slice(0, 9);
  const outbox = (queue: string) => {
    const [, records = "", payloads = "", , , , , , out = ""] = queueKeys(queue);
    return [out, records, payloads];
  };

  return {
    /** The messages that have been on their way the longest, at most `max`. */
    async outgoing(queue: string, max: number): Promise<OutgoingMessage[]> {
      const fields = (await run("outgoing-3", outbox(queue), [max])) as (string | number)[];
      const messages: OutgoingMessage[] = [];
      for (let at = 0; at < fields.length; at += 8) {
        const [id, ticket, goal, payload, sentAt, priority, groupId, source] = fields.slice(at, at + 8) as [
          string,
          string,
          string,
          string,
          number,
          number,
          string,
          string,
        ];
        messages.push({ id, ticket, goal, payload, sentAt, priority, groupId, source });
      }
      return messages;
    },

    /** Takes messages in, once each; `undefined` when there is no such queue. */
    async deposit(queue: string, messages: Omit<OutgoingMessage, "ticket" | "goal">[]): Promise<number | undefined> {
      const args = messages.flatMap((one) => [one.id, one.payload, one.sentAt, one.priority, one.groupId, one.source]);
      return (
        ((await run("deposit-9", all(queue), [wakeChannel(prefix, queue), ...args])) as number | null) ?? undefined
      );
    },

    /** Forgets messages that have arrived. */
    async depart(queue: string, messages: OutgoingMessage[]): Promise<void> {
      await run("depart-3", outbox(queue), tickets(messages));
    },

    /** Takes messages back whose goal does not exist. */
    async readmit(queue: string, messages: OutgoingMessage[]): Promise<number> {
      return Number(await run("readmit-9", all(queue), [wakeChannel(prefix, queue), ...tickets(messages)]));
    },

    /** Starts the way back of dead letters; `next` is undefined at the end. The answer is undefined when there is no such queue. */
    async redrive(
      queue: string,
      options: { after: string; max: number; missing: Iterable<string> },
    ): Promise<{ moved: number; next: string | undefined } | undefined> {
      const args = [wakeChannel(prefix, queue), options.after, options.max, ...options.missing];
      const reply = (await run("redrive-9", all(queue), args)) as [number, string] | null;
      return reply ? { moved: reply[0], next: reply[1] === "" ? undefined : reply[1] } : undefined;
    },
  };
}

export type MoveCommands = ReturnType<typeof moveCommands>;

function tickets(messages: OutgoingMessage[]): string[] {
  return messages.flatMap(({ id, ticket }) => [id, ticket]);
}
