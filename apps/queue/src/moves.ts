import type { MoveCommands, OutgoingMessage } from "./commands/move-commands.ts";
import { noSuchQueue } from "./queue-problem.ts";

/** How many messages one step of a move handles. */
const step = 50;

/** Messages on their way between queues: to a dead-letter queue and back. */
export interface Moves {
  /**
   * Brings what lies in a queue's outbox to where it goes. A queue and its dead-letter queue may live on different servers, so a
   * move is two steps, each safe to be done again: the goal takes the message in, unless it has it; then the outbox forgets it.
   * Cut off between the two, it is made again by whoever comes next: never lost, in the worst case delivered twice.
   */
  deliver(queue: string): Promise<{ missing: Set<string>; readmitted: number }>;
  /** Sends the dead letters of a queue that nobody has leased back to where they came from; answers how many. */
  redrive(queue: string): Promise<number>;
}

type Step = NonNullable<Awaited<ReturnType<MoveCommands["redrive"]>>>;

export function moves(commands: MoveCommands): Moves {
  const deliver: Moves["deliver"] = async (queue) => {
    const missing = new Set<string>();
    let readmitted = 0;
    for (;;) {
      const messages = await commands.outgoing(queue, step);
      for (const [goal, group] of Map.groupBy(messages, (message) => message.goal)) {
        const arrived = await commands.deposit(
          goal,
          group.map((message) => ({ ...message, source: sourceAt(goal, queue, message) })),
        );
        if (arrived === undefined) {
          missing.add(goal);
          readmitted += await commands.readmit(queue, group);
        } else await commands.depart(queue, group);
      }
      if (messages.length < step) return { missing, readmitted };
    }
  };

  return {
    deliver,
    async redrive(queue) {
      let total = 0;
      const missing = new Set<string>();
      // Sending off the head of a group makes its next message ready, perhaps before the place that was reached: so pass again.
      for (let passMoved = -1; passMoved !== 0; ) {
        passMoved = 0;
        let after: string | undefined = "-inf";
        while (after !== undefined) {
          const started: Step = (await commands.redrive(queue, { after, max: step, missing })) ?? noSuchQueue(queue);
          const delivered = await deliver(queue);
          for (const goal of delivered.missing) missing.add(goal);
          passMoved += Math.max(0, started.moved - delivered.readmitted);
          after = started.next;
        }
        total += passMoved;
      }
      return total;
    },
  };
}

/** Where a redrive would send a message that moves to `goal`: to the queue it dies in, nowhere when it is being sent back. */
function sourceAt(goal: string, from: string, message: OutgoingMessage): string {
  return message.source === goal ? "" : from;
}
