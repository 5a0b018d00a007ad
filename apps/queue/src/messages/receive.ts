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

/** Limits how many messages several receivers lease together. */
export interface Credit {
  /** Takes up to `wanted` places; returns how many. */
  take(wanted: number): number;
  give(count: number): void;
}

/** What a receiver gets that may lease nothing now. The next one in the line is served. */
const nothing: Claim = { messages: [], leaseEnd: 0, nextChangeMs: -1, stillReady: 1, outgoing: 0 };

export interface ReceiveDeps {
  commands: CommandsOfCaller;
  transfers: Transfers;
  waiting: WaitingReceivers;
}

/**
 * Leases messages to one receiver. When none is ready it waits for the first; `beginWaiting` is called before, and may prevent it by
 * throwing. When `signal` aborts, the receiver has disconnected: it stops waiting, and messages claimed for it at that moment are
 * released without counting as received. With a `credit`, a place is taken for each message, and the receiver stops waiting when a message
 * comes for which there is no place. Throws 404 when the queue does not exist.
 */
export async function receive(
  deps: ReceiveDeps,
  queue: string,
  input: ReceiveInput,
  options: { signal: AbortSignal; beginWaiting: () => void; credit?: Credit },
): Promise<ReceivedMessage[]> {
  const { commands, transfers, waiting } = deps;
  const { beginWaiting, credit } = options;
  const leaving = new AbortController();
  const signal = credit ? AbortSignal.any([options.signal, leaving.signal]) : options.signal;
  const visibilityMs = input.visibilitySeconds === undefined ? undefined : input.visibilitySeconds * 1000;
  const lease = newLease();
  const claim = async () => {
    const max = credit ? credit.take(input.max) : input.max;
    if (max === 0) {
      leaving.abort();
      return nothing;
    }
    let unused = max;
    try {
      const found = (await commands.claim(queue, { max, visibilityMs, lease })) ?? queueNotFound(queue);
      unused -= found.messages.length;
      // Dead letters that cannot be delivered now stay in the outbox and do not delay the messages that were found.
      if (found.outgoing > 0) await transfers.deliver(queue).catch(() => {});
      return found;
    } finally {
      credit?.give(unused);
    }
  };
  const release = async ({ messages }: Claim) => {
    credit?.give(messages.length);
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
