import type { CommandsOfCaller } from "../commands/queue-commands.ts";
import { deliveryOf } from "../messages/receipts.ts";
import { type ReceivedMessage, receive } from "../messages/receive.ts";
import { queueNotFound } from "../queue-errors.ts";
import type { Transfers } from "../transfers/transfers.ts";
import type { WaitingReceivers } from "../waiting/waiting-receivers.ts";
import { createInFlight } from "./in-flight.ts";

/** How often an open stream checks whether it may go on, and shows its client that it is open. */
const heartbeatMs = 15_000;
/** How long a stream counts as open without such a check. */
const openMs = 3 * heartbeatMs;
/** Whoever waits for longer must claim again, because the queue then wakes nobody. */
const waitSeconds = 20;
const maxAtOnce = 100;

export interface StreamDeps {
  commands: CommandsOfCaller;
  transfers: Transfers;
  waiting: WaitingReceivers;
  /** Aborts when the process is about to stop. */
  stopping: AbortSignal;
}

export interface StreamInput {
  /** The max number of messages that were sent and are neither acked nor nacked, and whose lease has not ended. */
  max: number;
  /** The length of the leases; the setting of the queue when it is left out. */
  visibilitySeconds?: number | undefined;
}

/** The client of a stream. */
export interface StreamClient {
  /** Aborts when it has disconnected. */
  signal: AbortSignal;
  /** Throws when its credentials are no longer valid. */
  checkCredentials(): Promise<void>;
}

/** Where a stream is written to; the promises resolve when the client takes more. */
export interface StreamSink {
  message(message: ReceivedMessage): Promise<void>;
  heartbeat(): Promise<void>;
}

/** A stream that has been opened. */
export interface MessageStream extends AsyncDisposable {
  /** Sends messages until the client has disconnected or the process stops. Throws what else ends it: 401, 403, 404, 503. */
  run(sink: StreamSink): Promise<"disconnected" | "stopping">;
}

/**
 * Opens a stream of the messages of a queue: each is leased to the client when it is sent, and acked or nacked by a request of its own, to
 * any process. No polling: the stream waits in the line of the receivers, and for the news that its messages were settled. What is leased
 * but not yet written when the stream ends is released. Throws 404 and 403.
 */
export async function openStream(
  deps: StreamDeps,
  queue: string,
  input: StreamInput,
  client: StreamClient,
): Promise<MessageStream> {
  const { commands, waiting, stopping } = deps;
  const inFlight = createInFlight(() => performance.now());
  const failing = new AbortController();
  const signal = AbortSignal.any([client.signal, stopping, failing.signal]);
  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  let visibilityMs = 0;
  let leaseTimer: NodeJS.Timeout | undefined;

  const watch = async () => {
    const deliveries = inFlight.deliveries();
    const watched = (await commands.watch(queue, deliveries, openMs)) ?? queueNotFound(queue);
    visibilityMs = input.visibilitySeconds === undefined ? watched.visibilityMs : input.visibilitySeconds * 1000;
    inFlight.update(deliveries, watched.leftMs);
  };
  const fail = (error: unknown) => failing.abort(error);
  /** A receiver may have extended a lease: its end is looked up when it is due. */
  const watchLeases = () => {
    clearTimeout(leaseTimer);
    const endMs = inFlight.firstEndMs();
    if (endMs !== undefined) leaseTimer = setTimeout(() => void watch().then(watchLeases, fail), endMs + 1);
  };

  const send = async (sink: StreamSink, messages: ReceivedMessage[], leasedAt: number) => {
    const deliveries = messages.map(({ receipt }) => deliveryOf(receipt));
    let written = 0;
    try {
      await client.checkCredentials();
      for (const [i, message] of messages.entries()) {
        const leftMs = leasedAt + visibilityMs - performance.now();
        const delivery = deliveries[i];
        if (signal.aborted || leftMs < 0 || !delivery) break;
        written++;
        inFlight.add(delivery, leftMs);
        await Promise.race([sink.message(message), ended]);
      }
    } finally {
      const rest = deliveries.slice(written);
      if (rest.length > 0) await commands.release(queue, rest, { delayMs: 0, uncounted: true });
    }
    watchLeases();
  };

  const settled = await waiting.onSettled(queue, (ids) => {
    if (ids === "missed") watch().then(watchLeases, fail);
    else inFlight.settle(ids);
  });
  try {
    await watch();
  } catch (error) {
    settled[Symbol.dispose]();
    throw error;
  }

  return {
    async run(sink) {
      let beating = false;
      const beat = async () => {
        if (beating) return;
        beating = true;
        await client.checkCredentials();
        await watch();
        await Promise.race([sink.heartbeat(), ended]);
        beating = false;
      };
      const heartbeat = setInterval(() => void beat().catch(fail), heartbeatMs);
      try {
        while (!signal.aborted) {
          const free = input.max - inFlight.size();
          if (free <= 0) {
            await Promise.race([inFlight.changed(), ended]);
            continue;
          }
          const wanted = { ...input, max: Math.min(free, maxAtOnce), waitSeconds };
          const found = await receive(deps, queue, wanted, { signal, beginWaiting: () => {} });
          if (found.length > 0) await send(sink, found, performance.now());
        }
      } finally {
        clearInterval(heartbeat);
        clearTimeout(leaseTimer);
      }
      if (failing.signal.aborted) throw failing.signal.reason;
      return client.signal.aborted ? "disconnected" : "stopping";
    },
    async [Symbol.asyncDispose]() {
      settled[Symbol.dispose]();
    },
  };
}
