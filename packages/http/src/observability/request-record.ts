import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Logger } from "./logger.ts";
import type { Span } from "./span.ts";

const idPattern = /^[\w.:/+=-]{1,128}$/;
const tracePattern = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The request id that a client sent when it is harmless to log and return, otherwise a new one. */
export function requestIdOf(header: string | undefined): string {
  return header !== undefined && idPattern.test(header) ? header : randomUUID();
}

/** What a gateway's request had to do with the app behind it; times in ms since the request came. */
export interface UpstreamRecord {
  name: string;
  /** The origin that was asked last. */
  target: string | undefined;
  tries: number;
  /** When there was a connection to it. */
  connectedMs: number | undefined;
  firstByteMs: number | undefined;
  /** When its answer was whole. */
  endedMs: number | undefined;
}

/**
 * What is known of one request in this process. Whoever handles it fills in what it knows; when the answer is out,
 * the log line and the metrics are made of it, once.
 */
export class RequestRecord {
  readonly id: string;
  /** When it came, from `performance.now()`. */
  readonly since = performance.now();
  /** Which service answers it, for metrics. */
  app = "gateway";
  /** The pattern of its route, such as `/queue/queues/:name`; never the path itself, so that there are few. */
  route = "none";
  /** Whose line it is; the server's own logger unless an app takes it. */
  log: Logger | undefined;
  /** Where the app's guards note the account that asks. No closure that asks for it: one kept requests alive for long. */
  context: { get(name: "account"): { id: number } | undefined } | undefined;
  /** Of the W3C trace that it belongs to. */
  traceId: string | undefined;
  upstream: UpstreamRecord | undefined;
  /** Members for the problem with which the server ends the request in the middle of its body: what was done with it by then. */
  problemMembers: Record<string, unknown> | undefined;
  /** Who let it in, and hears when its handler begins to wait; refuses that by throwing a problem. */
  admission: { beginWaiting(): void } | undefined;
  /** Whether its handler only waits for something to happen. */
  waiting = false;
  /** While traces are on: the span of whoever handles it now, and the gateway's around that of an app in the same process. */
  span: Span | undefined;
  gatewaySpan: Span | undefined;
  #clientGone = false;
  #onClientGone: Set<() => void> | undefined;

  constructor(requestId: string | undefined, traceparent: string | undefined) {
    this.id = requestIdOf(requestId);
    if (traceparent !== undefined) this.traceId = tracePattern.exec(traceparent)?.[1];
  }

  /**
   * Calls `stop` when the client goes before its answer is out, at once when it has gone; the function returned forgets that.
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

  /** The client has gone before its answer was out. */
  clientGone(): void {
    this.#clientGone = true;
    for (const stop of this.#onClientGone ?? []) stop();
    this.#onClientGone = undefined;
  }
}

const kept = Symbol("record");

/** The record of a request that came over a socket, made when it is first asked for. */
export function recordOf(request: IncomingMessage & { [kept]?: RequestRecord }): RequestRecord {
  const { headers } = request;
  request[kept] ??= new RequestRecord(single(headers["x-request-id"]), single(headers.traceparent));
  return request[kept];
}

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}
