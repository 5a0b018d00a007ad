import type { Claim, CommandsOfCaller } from "../commands/queue-commands.ts";
import { queueNotFound } from "../queue-errors.ts";
import type { Transfers } from "../transfers/transfers.ts";
import type { WaitingReceivers } from "../waiting/waiting-receivers.ts";
import { newLease, receiptOf } from "./receipts.ts";

export interface ReceiveInput {
  /** The max number of messages. */
  max: number;
  /** How long to wait for the first message. */
  waitSeconds: number;
  /** The length of the lease; the setting of the queue when it is left out. */
  visibilitySeconds?: number | undefined;
}

/** A leased message. Times are ISO 8601; `payload` is the JSON text that was sent. */
export interface ReceivedMessage {
  id: string;
  payload: string;
  /** JSON text of the attributes by name; "" when there are none. */
  attributes: string;
  receipt: string;
  receives: number;
  sentAt: string;
  leasedUntil: string;
  priority: number;
  groupId: string | null;
  deadLetterOf: string | null;
}

export interface ReceiveDeps {
  commands: CommandsOfCaller;
  transfers: Transfers;
  waiting: WaitingReceivers;
}

/**
 * Leases messages to one receiver. When none is ready it waits for the first; `beginWaiting` is called before, and may prevent it by
 * throwing. When `signal` aborts, the receiver has disconnected: it stops waiting, and messages claimed for it at that moment are
 * released without counting as received. Throws 404 when the queue does not exist.
 */
export async function receive(
  deps: ReceiveDeps,
  queue: string,
  input: ReceiveInput,
  { signal, beginWaiting }: { signal: AbortSignal; beginWaiting: () => void },
): Promise<ReceivedMessage[]> {
  const { commands, transfers, waiting } = deps;
  const visibilityMs = input.visibilitySeconds === undefined ? undefined : input.visibilitySeconds * 1000;
  const lease = newLease();
  const claim = async () => {
    const found = (await commands.claim(queue, { max: input.max, visibilityMs, lease })) ?? queueNotFound(queue);
    // Dead letters that cannot be delivered now stay in the outbox and do not delay the messages that were found.
    if (found.outgoing > 0) await transfers.deliver(queue).catch(() => {});
    return found;
  };
  const release = async ({ messages }: Claim) => {
    const deliveries = messages.map(({ id }) => ({ id, lease }));
    if (deliveries.length > 0) await commands.release(queue, deliveries, { delayMs: 0, uncounted: true });
  };

  // Receivers that wait already come first.
  const mayWait = input.waitSeconds > 0;
  let found = mayWait && waiting.hasWaiting(queue) ? undefined : await claim();
  if (mayWait && (found === undefined || found.messages.length === 0)) {
    beginWaiting();
    found = await waiting.waitForMessages(queue, { claim, release, waitMs: input.waitSeconds * 1000, signal });
  }
  if (found === undefined) return [];
  if (signal.aborted) {
    await release(found);
    return [];
  }
  return toReceivedMessages(found, lease);
}

function toReceivedMessages({ messages, leaseEnd }: Claim, lease: string): ReceivedMessage[] {
  const leasedUntil = new Date(leaseEnd).toISOString();
  return messages.map(({ id, payload, attributes, sentAt, receives, priority, groupId, origin }) => ({
    id,
    payload,
    attributes,
    receipt: receiptOf({ id, lease }),
    receives,
    sentAt: new Date(sentAt).toISOString(),
    leasedUntil,
    priority,
    groupId: groupId || null,
    deadLetterOf: origin.slice(origin.lastIndexOf("/") + 1) || null,
  }));
}
