import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Logger } from "./logger.ts";
import type { Span } from "./span.ts";

const idPattern = /^[\w.:/+=-]{1,128}$/;
const tracePattern = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The request id that a client sent, when it is safe to log and return; otherwise a new one. */
export function requestIdOf(header: string | undefined): string {
  return header !== undefined && idPattern.test(header) ? header : randomUUID();
}

/** The upstream part of a request at a gateway; times in ms since the request arrived. */
export interface UpstreamRecord {
  name: string;
  /** The origin of the last attempt. */
  target: string | undefined;
  tries: number;
  /** When a connection was available. */
  connectedMs: number | undefined;
  firstByteMs: number | undefined;
  /** When the response was complete. */
  endedMs: number | undefined;
}

/**
 * What this process knows of one request. The code that handles it fills in its part; when the response has ended, the log line and
 * the metrics are written from it, once.
 */
export class RequestRecord {
  readonly id: string;
  /** When it arrived, from `performance.now()`. */
  readonly since = performance.now();
  /** The service that handles it, for metrics. */
  app = "gateway";
  /** The pattern of its route, such as `/queue/queues/:name`; never the path itself, so that there are few. */
  route = "none";
  /** The logger of its line. Default: the server's own, unless an app handles it. */
  log: Logger | undefined;
  /** Where the app's guards store the account of the caller. Not a closure: one kept requests alive for long. */
  context: { get(name: "account"): { id: number } | undefined } | undefined;
  /** The id of its W3C trace. */
  traceId: string | undefined;
  upstream: UpstreamRecord | undefined;
  /** Members for the problem with which the server ends a request in the middle of its body: what was done by then. */
  problemMembers: Record<string, unknown> | undefined;
  /** The admission of the gateway in this process; `beginWaiting` throws a problem when too many requests wait. */
  admission: { beginWaiting(): void } | undefined;
  /** Whether its handler only waits for an event. */
  waiting = false;
  /** While tracing is on: the span of the service that handles it, and the gateway's around that of an app in the same process. */
  span: Span | undefined;
  gatewaySpan: Span | undefined;
  #clientGone = false;
  #onClientGone: Set<() => void> | undefined;

  constructor(requestId: string | undefined, traceparent: string | undefined) {
    this.id = requestIdOf(requestId);
    if (traceparent !== undefined) this.traceId = tracePattern.exec(traceparent)?.[1];
  }

  /**
   * Calls `stop` when the client disconnects before the response is complete, immediately if it has. Returns a function that removes it.
   * An AbortSignal for each request would cost more than all of it.
   */
  whenClientGone(stop: () => void): () => void {
    if (this.#clientGone) {
      stop();
      return () => {};
    }
    this.#onClientGone ??= new Set();
    this.#onClientGone.add(stop);
    return () => {
      this.#onClientGone?.delete(stop);
    };
  }

  /** The client disconnected before the response was complete. */
  clientGone(): void {
    this.#clientGone = true;
    for (const stop of this.#onClientGone ?? []) stop();
    this.#onClientGone = undefined;
  }
}

const kept = Symbol("record");

/** The record of a request that arrived over a socket, created on first use. */
export function recordOf(request: IncomingMessage & { [kept]?: RequestRecord }): RequestRecord {
  const { headers } = request;
  request[kept] ??= new RequestRecord(single(headers["x-request-id"]), single(headers.traceparent));
  return request[kept];
}

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}
