import { setTimeout as delay } from "node:timers/promises";
import type { Auth } from "@quintet/auth";
import { counter, isUnavailable, Problem, toProblem } from "@quintet/http";
import { type Caller, callerOf } from "../commands/caller.ts";
import type { QueueCommands } from "../commands/queue-commands.ts";
import { deliveryOf } from "../messages/receipts.ts";
import { type ReceivedMessage, receive } from "../messages/receive.ts";
import type { Transfers } from "../transfers/transfers.ts";
import type { WaitingReceivers } from "../waiting/waiting-receivers.ts";
import type { Deliver, DeliveryResult } from "./deliver.ts";
import { signedHeaders } from "./signature.ts";
import type { Slots } from "./slots.ts";
import { openSecret, partsOf, type StoredSubscription, type SubscriptionState } from "./subscriptions.ts";

/** The lease of a message is longer than its delivery may take, by this. */
const leaseMarginSeconds = 15;
/** How long deliveries in flight may go on when the pump ends, and the pause after an error that is not the receiver's. */
const drainMs = 3000;
const errorPauseMs = 2000;
// Whoever waits for longer must claim again, because the queue then wakes nobody.
const waitSeconds = 20;

const deliveries = counter(
  "quintet_queue_webhook_deliveries_total",
  "Deliveries to webhooks: delivered, or failed and returned to their queue.",
  ["outcome"],
);

export interface PumpDeps {
  commands: QueueCommands;
  transfers: Transfers;
  waiting: WaitingReceivers;
  auth: Auth;
  webhookKey: Buffer;
  deliver: Deliver;
  /** The deliveries that this process may have in flight. */
  slots: Slots;
  /** Aborts when the process is about to stop. */
  stopping: AbortSignal;
  /** Stops the subscription for good, with a reason that its owner sees. */
  stop(subscription: StoredSubscription, why: string): Promise<void>;
  onError(error: unknown): void;
}

/** Delivers the messages of a queue to the URL of a subscription, until it is ended. */
export interface Pump {
  readonly subscription: StoredSubscription;
  readonly state: SubscriptionState;
  /** The state has changed since it was last taken. */
  takeChanged(): boolean;
  /** Takes no more messages, and returns those whose delivery is not over soon. */
  end(): Promise<void>;
}

/** The reason for which a subscription stops. */
class Stopped extends Error {}

/**
 * Starts to deliver. A message is leased for as long as its delivery may take; 2xx acks it, 410 stops the subscription, and everything else
 * returns it to the queue, which delays it by its own settings, or as long as `Retry-After` says, until it is a dead letter.
 */
export function startPump(deps: PumpDeps, subscription: StoredSubscription): Pump {
  const { name, item } = subscription;
  const { queue } = partsOf(name);
  const state: SubscriptionState = subscription.state ?? { delivered: 0, failed: 0, failures: 0 };
  const ending = new AbortController();
  const ended = AbortSignal.any([ending.signal, deps.stopping]);
  const interrupting = new AbortController();
  const inFlight = new Set<Promise<void>>();
  let changed = false;

  const owner = async (): Promise<Caller> => {
    const account = await deps.auth.activeAccount(item.owner);
    if (!account) throw new Stopped("The account that owns the subscription is not active.");
    return callerOf(account);
  };

  const note = (change: Partial<SubscriptionState>) => {
    Object.assign(state, change);
    changed = true;
  };

  const settle = async (caller: Caller, { receipt }: ReceivedMessage, result: DeliveryResult) => {
    const commands = deps.commands.as(caller);
    const receipts = [deliveryOf(receipt)];
    const { status = 0 } = result;
    const at = Date.now();
    const attempt = { deliveredAt: at, ...(status === 0 ? {} : { status }) };
    if (status >= 200 && status < 300) {
      deliveries.inc({ outcome: "delivered" });
      note({ ...attempt, delivered: state.delivered + 1, failures: 0 });
      return void (await commands.ack(queue, receipts));
    }
    // What was interrupted by the end of the pump never failed; a receiver that is gone gets no message.
    const uncounted = interrupting.signal.aborted || status === 410;
    if (!interrupting.signal.aborted) {
      deliveries.inc({ outcome: "failed" });
      const error = result.error ?? `the receiver answered ${status}`;
      note({ ...attempt, failed: state.failed + 1, failures: state.failures + 1, error, errorAt: at });
    }
    const wanted = result.retryAfterSeconds;
    const delayMs = uncounted ? 0 : wanted === undefined ? undefined : wanted * 1000;
    const released = await commands.release(queue, receipts, { delayMs, uncounted });
    if (released && released.outgoing > 0) await deps.transfers.deliver(queue).catch(() => {});
    if (status === 410) throw new Stopped("The receiver answered 410 Gone.");
  };

  const deliverOne = async (caller: Caller, secret: string, message: ReceivedMessage) => {
    const body = bodyOf(queue, message);
    const headers = { ...signedHeaders(secret, message.id, Date.now(), body), "User-Agent": "Quintet-Webhooks" };
    const result = await deps.deliver({
      url: item.url,
      headers,
      body,
      timeoutMs: item.timeoutSeconds * 1000,
      signal: interrupting.signal,
    });
    await settle(caller, message, result);
  };

  const stopWith = async (error: unknown) => {
    const why = stopReason(error);
    if (why === undefined) return false;
    ending.abort();
    await deps.stop(subscription, why).catch(deps.onError);
    return true;
  };

  const start = (caller: Caller, secret: string, message: ReceivedMessage) => {
    const delivery = deliverOne(caller, secret, message)
      // The message comes back when its lease ends.
      .catch(async (error: unknown) => {
        if (!(await stopWith(error)) && !isUnavailable(error)) deps.onError(error);
      })
      .finally(() => {
        inFlight.delete(delivery);
        deps.slots.give(1);
      });
    inFlight.add(delivery);
  };

  const round = async () => {
    await deps.slots.whenFree(ended);
    const free = item.concurrency - inFlight.size;
    if (free === 0) return void (await Promise.race(inFlight));
    const secret = openSecret(deps.webhookKey, name, item);
    if (secret === undefined) throw new Stopped("The secret cannot be read any more; put the subscription again.");
    const caller = await owner();
    const found = await receive(
      { ...deps, commands: deps.commands.as(caller) },
      queue,
      { max: free, waitSeconds, visibilitySeconds: item.timeoutSeconds + leaseMarginSeconds },
      { signal: ended, beginWaiting: () => {}, credit: deps.slots },
    );
    if (found.length === 0) return;
    try {
      await owner(); // It may have waited for long.
    } catch (error) {
      deps.slots.give(found.length);
      const receipts = found.map(({ receipt }) => deliveryOf(receipt));
      await deps.commands.release(queue, receipts, { delayMs: 0, uncounted: true });
      throw error;
    }
    for (const message of found) start(caller, secret, message);
  };

  const run = async () => {
    while (!ended.aborted) {
      try {
        await round();
      } catch (error) {
        if (await stopWith(error)) break;
        if (!isUnavailable(error)) note({ error: toProblem(error).message, errorAt: Date.now() });
        await pause(errorPauseMs, ended);
      }
    }
    deps.slots.give(0);
  };
  const running = run();

  return {
    subscription,
    state,
    takeChanged() {
      const was = changed;
      changed = false;
      return was;
    },
    async end() {
      ending.abort();
      await running;
      const drained = Promise.allSettled(inFlight);
      await Promise.race([drained, pause(drainMs, interrupting.signal)]);
      interrupting.abort();
      await drained;
    },
  };
}

/** Why a subscription stops after this error; undefined when it goes on. */
function stopReason(error: unknown): string | undefined {
  if (error instanceof Stopped) return error.message;
  if (error instanceof Problem && (error.code === "forbidden" || error.code === "not-found")) return error.message;
  return undefined;
}

/** The body of a delivery: the payload that Standard Webhooks recommends. */
function bodyOf(queue: string, message: ReceivedMessage): string {
  const { payload, attributes, receipt: _, leasedUntil: __, ...rest } = message;
  const head = JSON.stringify({ type: "queue.message", timestamp: message.sentAt });
  const data = `${JSON.stringify({ queue, ...rest }).slice(0, -1)},"attributes":${attributes || "{}"},"body":${payload}}`;
  return `${head.slice(0, -1)},"data":${data}}`;
}

/** Resolves after a time, or when `signal` aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}
