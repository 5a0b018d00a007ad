import type { MoveCommands, OutgoingMessage } from "./commands/move-commands.ts";
import { noSuchQueue } from "./queue-problem.ts";

/** How many messages one step of a move handles. */
const step = 50;

/** Messages on their way between queues: to a dead-letter queue and back. */
export interface Moves {
  /**
   * Brings what lies in a queue's outbox to where it goes. A queue and its dead-letter queue may live on different servers, so a
   * move is two steps: the destination accepts the message under the ticket of this move, which it remembers; then the source lets go of it.
   * Each step may be made again, late, by anybody: cut off anywhere, the move is completed by whoever comes next, once. A destination that
   * does not exist refuses, which it remembers too, and the source takes the message back. One that fails holds up no other: why is answered.
   */
  deliver(queue: string): Promise<{ failed: Map<string, unknown> }>;
  /** Sends the dead letters that a queue has now, and nobody has leased, back to where they came from; answers how many. */
  redrive(queue: string): Promise<number>;
}

type RedriveStep = NonNullable<Awaited<ReturnType<MoveCommands["redrive"]>>>;

/** `exists` answers whether there is such a queue. */
export function moves(commands: MoveCommands, exists: (queue: string) => Promise<boolean>): Moves {
  /** The tickets that the destination refuses; it has all others. */
  const accept = async (destination: string, source: string, group: OutgoingMessage[]): Promise<string[]> => {
    for (;;) {
      const refused =
        (await commands.accept(destination, source, group)) ?? (await commands.refuse(destination, source, group));
      if (refused) return refused;
    }
  };

  const deliver: Moves["deliver"] = async (queue) => {
    const failed = new Map<string, unknown>();
    let after = "0";
    for (;;) {
      const { incarnation, messages, more } = await commands.outgoing(queue, { after, max: step });
      for (const [destination, group] of Map.groupBy(messages, (message) => message.destination)) {
        if (failed.has(destination)) continue;
        const arriving = group.map((message) => ({ ...message, origin: originAt(destination, queue, message.origin) }));
        try {
          const refused = await accept(destination, `${queue} ${incarnation}`, arriving);
          const [back = [], arrived = []] = [true, false].map((is) =>
            group.filter(({ ticket }) => refused.includes(ticket) === is),
          );
          if (back.length > 0) await commands.returnToSource(queue, incarnation, back);
          if (arrived.length > 0) await commands.complete(queue, incarnation, arrived);
        } catch (error) {
          failed.set(destination, error);
        }
      }
      if (!more) return { failed };
      after = messages.at(-1)?.ticket ?? after;
    }
  };

  return {
    deliver,
    async redrive(queue) {
      const known = new Map<string, boolean>();
      let last = "";
      let total = 0;
      // Sending off the head of a group makes its next message ready, perhaps before the place that was reached: so pass again. It
      // ends, because what comes while it runs has a higher number.
      for (let passMoved = -1; passMoved !== 0; total += passMoved) {
        passMoved = 0;
        let after: string | undefined = "-inf";
        while (after !== undefined) {
          const started: RedriveStep =
            (await commands.redrive(queue, { last, after, max: step, known })) ?? noSuchQueue(queue);
          await Promise.all(started.unknown.map(async (name) => known.set(name, await exists(name))));
          if (started.moved > 0) for (const error of (await deliver(queue)).failed.values()) throw error;
          passMoved += started.moved;
          last = started.last;
          after = started.next;
        }
      }
      return total;
    },
  };
}

/**
 * The origin of a message once it is at `destination`: the queues that it died in, joined by "/". A dead letter came from one more; one that
 * is sent back has one less. A queue comes once at most, however often it happens.
 */
function originAt(destination: string, from: string, origin: string): string {
  const queues = origin === "" ? [] : origin.split("/");
  if (queues.at(-1) === destination) return queues.slice(0, -1).join("/");
  const at = queues.indexOf(from);
  return [...(at < 0 ? queues : queues.slice(0, at)), from].join("/");
}
