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
  /** For five minutes, another receive with it gets the same messages and receipts, as long as all of them are still leased. */
  attemptId?: string | undefined;
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
  firstReceivedAt: string;
  leasedUntil: string;
  priority: number;
  groupId: string | null;
  tenantId: string | null;
  dedupeId: string | null;
  /** Id of the account that sent it. */
  sender: number | null;
  /** Ascending in the order of sending. */
  number: number;
  deadLetterOf: string | null;
}

/** Limits how many messages several receivers lease together. */
export interface Credit {
  /** Takes up to `wanted` places; returns how many. */
  take(wanted: number): number;
  give(count: number): void;
}

/** What a receiver gets that may lease nothing now. The next one in the line is served. */
const nothing: Claim = { messages: [], lease: "", leaseEnd: 0, nextChangeMs: -1, stillReady: 1, outgoing: 0 };

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
  const claim = async (waits: boolean) => {
    const max = credit ? credit.take(input.max) : input.max;
    if (max === 0) {
      leaving.abort();
      return nothing;
    }
    let unused = max;
    try {
      const wanted = { max, visibilityMs, lease, attemptId: input.attemptId, waits };
      const found = (await commands.claim(queue, wanted)) ?? queueNotFound(queue);
      unused -= found.messages.length;
      // Dead letters that cannot be delivered now stay in the outbox and do not delay the messages that were found.
      if (found.outgoing > 0) await transfers.deliver(queue).catch(() => {});
      return found;
    } finally {
      credit?.give(unused);
    }
  };
  const release = async ({ messages, lease }: Claim) => {
    credit?.give(messages.length);
    const deliveries = messages.map(({ id }) => ({ id, lease }));
    if (deliveries.length > 0) await commands.release(queue, deliveries, { delayMs: 0, uncounted: true });
  };

  // Receivers that wait already come first.
  const mayWait = input.waitSeconds > 0;
  const isBehind = mayWait && waiting.hasWaiting(queue);
  // It claims nothing before it is served, so its right is checked now.
  if (isBehind) (await commands.check(queue, "receive")) || queueNotFound(queue);
  let found = isBehind ? undefined : await claim(false);
  if (mayWait && (found === undefined || found.messages.length === 0)) {
    beginWaiting();
    const waitMs = input.waitSeconds * 1000;
    found = await waiting.waitForMessages(queue, { claim: () => claim(true), release, waitMs, signal });
  }
  if (found === undefined) return [];
  if (signal.aborted) {
    await release(found);
    return [];
  }
  return toReceivedMessages(found);
}

function toReceivedMessages({ messages, lease, leaseEnd }: Claim): ReceivedMessage[] {
  const leasedUntil = new Date(leaseEnd).toISOString();
  // Most messages share these two times with the one before.
  const sentAt = timeTexts();
  const firstReceivedAt = timeTexts();
  return messages.map((message) => ({
    id: message.id,
    payload: message.payload,
    attributes: message.attributes,
    receipt: receiptOf({ id: message.id, lease }),
    receives: message.receives,
    sentAt: sentAt(message.sentAt),
    firstReceivedAt: firstReceivedAt(message.firstReceivedAt),
    leasedUntil,
    priority: message.priority,
    groupId: message.groupId || null,
    tenantId: message.tenantId || null,
    dedupeId: message.dedupeId || null,
    sender: message.sender === "" ? null : Number(message.sender),
    number: message.number,
    deadLetterOf: message.origin.slice(message.origin.lastIndexOf("/") + 1) || null,
  }));
}

/** Converts ms since 1970 to ISO 8601, and remembers the last one. */
function timeTexts(): (ms: number) => string {
  let last: number | undefined;
  let text = "";
  return (ms) => {
    if (ms !== last) text = new Date(ms).toISOString();
    last = ms;
    return text;
  };
}
