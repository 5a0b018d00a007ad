import type { Claim, QueueCommands } from "./commands/queue-commands.ts";
import type { Moves } from "./moves.ts";
import { noSuchQueue } from "./queue-problem.ts";
import { newLease, receiptOf } from "./receipts.ts";
import type { WaitingRoom } from "./waiting-room.ts";

export interface ReceiveInput {
  /** At most how many messages. */
  max: number;
  /** How long to wait for the first one. */
  waitSeconds: number;
  /** How long the lease is; the queue's own when it is left out. */
  visibilitySeconds?: number | undefined;
}

/** A message in the hands of its receiver. Times are ISO 8601; `payload` is the JSON text that was sent. */
export interface ReceivedMessage {
  id: string;
  payload: string;
  receipt: string;
  receives: number;
  sentAt: string;
  leasedUntil: string;
  priority: number;
  groupId: string | null;
  deadLetterOf: string | null;
}

export interface ReceiveDeps {
  commands: QueueCommands;
  moves: Moves;
  room: WaitingRoom;
}

/**
 * Leases messages to one receiver, waiting for the first when there is none; `beginWaiting` hears when that begins, and may refuse it by
 * throwing. `signal` tells that the receiver has gone: it stops waiting, and what was claimed for it at that very moment is given back uncounted.
 */
export async function receive(
  deps: ReceiveDeps,
  queue: string,
  input: ReceiveInput,
  { signal, beginWaiting }: { signal: AbortSignal; beginWaiting: () => void },
): Promise<ReceivedMessage[]> {
  const { commands, moves, room } = deps;
  const visibilityMs = input.visibilitySeconds === undefined ? undefined : input.visibilitySeconds * 1000;
  const lease = newLease();
  const claim = async () => {
    const found = (await commands.claim(queue, { max: input.max, visibilityMs, lease })) ?? noSuchQueue(queue);
    // What could not be brought to its goal now is tried again by the next who comes; the messages found are not held up by it.
    if (found.outgoing > 0) await moves.deliver(queue).catch(() => {});
    return found;
  };
  const giveBack = async ({ messages }: Claim) => {
    const deliveries = messages.map(({ id }) => ({ id, lease }));
    if (deliveries.length > 0) await commands.release(queue, deliveries, { delayMs: 0, uncounted: true });
  };

  // Whoever waits already comes first.
  const mayWait = input.waitSeconds > 0;
  let found = mayWait && room.isAnyoneAt(queue) ? undefined : await claim();
  if (mayWait && (found === undefined || found.messages.length === 0)) {
    beginWaiting();
    found = await room.wait(queue, { claim, giveBack, waitMs: input.waitSeconds * 1000, signal });
  }
  if (found === undefined) return [];
  if (signal.aborted) {
    await giveBack(found);
    return [];
  }
  return received(found, lease);
}

function received({ messages, leaseEnd }: Claim, lease: string): ReceivedMessage[] {
  const leasedUntil = new Date(leaseEnd).toISOString();
  return messages.map(({ id, payload, sentAt, receives, priority, groupId, origin }) => ({
    id,
    payload,
    receipt: receiptOf({ id, lease }),
    receives,
    sentAt: new Date(sentAt).toISOString(),
    leasedUntil,
    priority,
    groupId: groupId || null,
    deadLetterOf: origin.slice(origin.lastIndexOf("/") + 1) || null,
  }));
}
