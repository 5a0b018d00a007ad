import type { IncomingMessage } from "node:http";
import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { recordOf } from "../observability/request-record.ts";
import type { ServiceEnv } from "../service-env.ts";

/**
 * The header by which a gateway requests a `102 Processing` (RFC 2518 section 10.1) from a remote app when a handler begins to wait. It is
 * sent to no other client: some take any interim response but 100 for the final one.
 */
export const acceptsProcessing = "X-Accept-Processing";

/** The header that marks that response, to distinguish it from a 102 that an app has for the client, which is passed on. */
export const waitingMark: readonly [string, string] = ["X-Processing", "waiting"];

/**
 * Marks a request as waiting for an event, from now on: a long poll, a stream of events. It then counts towards the limit of waiting
 * requests instead of those at work, and is never reported as stuck. Call it when the waiting begins, not before. Throws the 429 or 503 of
 * the gateway in this process when too many requests wait.
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

/** Whether a client accepts interim responses; an HTTP/1.0 client does not (RFC 9110 section 15.2). */
export function acceptsInterim({ httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  return httpVersionMajor > 1 || httpVersionMinor > 0;
}

/** A response of server-sent events, which counts as waiting. That to a HEAD request ends at once, and `send` is not called. */
export function eventStream<E extends ServiceEnv>(
  c: Context<E>,
  send: (stream: SSEStreamingApi) => Promise<void>,
): Response {
  // A proxy that buffers would keep the events back.
  c.header("X-Accel-Buffering", "no");
  if (c.req.method === "HEAD") {
    return c.body(null, 200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  }
  beginWaiting(c);
  return streamSSE(c, send);
}
