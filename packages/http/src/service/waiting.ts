import type { IncomingMessage } from "node:http";
import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { recordOf } from "../observability/request-record.ts";
import type { ServiceEnv } from "./service-env.ts";

/**
 * The header by which a gateway asks an app behind HTTP for a `102 Processing` (RFC 2518 section 10.1) when a handler begins to
 * wait. Nobody else is sent one: some clients take any interim response but 100 for the final one.
 */
export const acceptsProcessing = "X-Accept-Processing";

/** The mark of that response, by which it is told from a 102 that an app has for the client: such a one is passed on. */
export const waitingMark: readonly [string, string] = ["X-Processing", "waiting"];

/**
 * Says that a handler only waits from now on, for something that others do: a long poll, a stream of events. Such a request is no
 * work: it has limits of its own, counts in no pool, and is not stuck. Called when the waiting begins and not before, so that nobody is
 * taken for waiting who works. Throws the 429 or 503 of the gateway in this process when too many wait.
 */
export function beginWaiting<E extends ServiceEnv>(c: Context<E>): void {
  const { incoming, outgoing } = c.env ?? {};
  if (!incoming || !outgoing) return;
  const record = recordOf(incoming);
  if (record.waiting) return;
  record.admission?.beginWaiting();
  record.waiting = true;
  const asked = incoming.headers[acceptsProcessing.toLowerCase()] !== undefined && acceptsInterim(incoming);
  if (asked && record.admission === undefined && !outgoing.headersSent && "writeInformation" in outgoing) {
    outgoing.writeInformation(102, waitingMark);
  }
}

/** Whether a client may be sent interim responses; one that speaks HTTP/1.0 may not (RFC 9110 section 15.2). */
export function acceptsInterim({ httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  return httpVersionMajor > 1 || httpVersionMinor > 0;
}

/** A response of server-sent events as they come, which counts as waiting. */
export function eventStream<E extends ServiceEnv>(
  c: Context<E>,
  send: (stream: SSEStreamingApi) => Promise<void>,
): Response {
  beginWaiting(c);
  // A proxy that buffers would keep the events back.
  c.header("X-Accel-Buffering", "no");
  return streamSSE(c, send);
}
