import type { IncomingMessage, ServerResponse } from "node:http";
import {
  acceptsInterim,
  disableAutoContinue,
  expectsContinue,
  type Handshake,
  handshakeOf,
  Problem,
  pathOf,
  type RequestRecord,
  recordOf,
  type Span,
  sendProblem,
  type UpstreamRecord,
  waitingMark,
} from "@quintet/http";
import { clientOf } from "../forwarding/client-address.ts";
import { requestHead } from "../forwarding/request-head.ts";
import { isLoop } from "../forwarding/via.ts";
import { type AttemptSpans, attemptSpans, endAttempt } from "./attempt-span.ts";
import { type Connection, type ConnectionUser, UpstreamTimeout } from "./connections/connection.ts";
import type { ConnectionRequest } from "./connections/connection-pool.ts";
import { headerOf } from "./connections/header-list.ts";
import type { ResponseHead } from "./connections/response-reader.ts";
import { isRetryable, LoopDetected, NoTargetAvailable, problemOf } from "./failures.ts";
import type { RemoteApp } from "./remote-app.ts";
import { RequestBody } from "./request-body.ts";
import { ResponseWriter } from "./response-writer.ts";
import type { Target } from "./targets/target.ts";
import { Tunnel } from "./tunnel.ts";
import { failedAttempts } from "./upstream-metrics.ts";

const maxTries = 3;

/** One client's request to a remote app, from the choice of a target to the last byte of the response. */
export class ProxiedRequest implements ConnectionRequest, ConnectionUser {
  readonly #record: RequestRecord;
  readonly #upstreamRecord: UpstreamRecord;
  readonly #app: RemoteApp;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #head: string;
  readonly #body: RequestBody | undefined;
  readonly #handshake: Handshake | undefined;
  readonly #writer: ResponseWriter;
  /** Whether the client waits for a 100 that has not been sent. */
  #awaitsContinue: boolean;
  #target: Target | undefined;
  #tried: Set<Target> | undefined;
  #tries = 0;
  #connection: Connection | undefined;
  /** Cancels a pause before the next attempt. */
  #cancelHold: (() => void) | undefined;
  #done = false;
  /** Whether it counts as in flight at the target: from the attempt until the response is complete, or the app signals that it only waits. */
  #counted = false;
  #waits = false;
  readonly #spans: AttemptSpans | undefined;
  #span: Span | undefined;

  constructor(app: RemoteApp, request: IncomingMessage, response: ServerResponse) {
    this.#app = app;
    this.#request = request;
    this.#response = response;
    this.#writer = new ResponseWriter(request, response, app.stale);
    this.#record = recordOf(request);
    this.#record.route = `/${app.name}/*`;
    this.#upstreamRecord = {
      name: app.name,
      target: undefined,
      tries: 0,
      connectedMs: undefined,
      firstByteMs: undefined,
      endedMs: undefined,
    };
    this.#record.upstream = this.#upstreamRecord;
    const { headers } = request;
    this.#spans = attemptSpans(this.#record.span, `/${app.name}`, request.method ?? "GET");
    const client = clientOf(request, app.trusted);
    this.#handshake = handshakeOf(request);
    const offer = this.#handshake ? "Connection: Upgrade\r\nUpgrade: websocket\r\n" : "";
    this.#head =
      requestHead(request, this.#record, { client, via: app.via, traced: this.#spans !== undefined }) + offer;
    const chunked = headers["transfer-encoding"] !== undefined;
    if (chunked || (headers["content-length"] ?? "0") !== "0") this.#body = new RequestBody(request, chunked);
    this.#awaitsContinue = this.#body !== undefined && expectsContinue(request);
    if (this.#awaitsContinue) disableAutoContinue(request);
  }

  start(): void {
    this.#response.once("close", () => {
      if (!this.#done) this.#abort();
    });
    this.#app.budget.addRequest();
    if (isLoop(this.#request, this.#app.via)) this.#fail(new LoopDetected("The request came from this gateway."));
    else this.#attempt();
  }

  onConnection(connection: Connection): void {
    if (this.#done) {
      this.#uncount();
      this.#target?.pool.release(connection);
      return;
    }
    this.#connection = connection;
    this.#upstreamRecord.connectedMs = this.#elapsed;
    const { method = "GET" } = this.#request;
    const head = this.#span ? `${this.#head}Traceparent: ${this.#span.traceparent}\r\n` : this.#head;
    if (this.#body === undefined) {
      connection.send(`${head}\r\n`, method, this, this.#handshake !== undefined);
    } else {
      // A client may send its body before the 100, so whatever arrives is passed on in any case.
      const expect = this.#awaitsContinue && !this.#body.hasBytes ? "Expect: 100-continue\r\n" : "";
      // The head and the available part of the body leave in one write.
      connection.socket.cork();
      connection.send(`${head}${expect}\r\n`, method, this);
      this.#body.sendTo(connection);
      process.nextTick(() => connection.socket.uncork());
    }
  }

  onNoConnection(error: Error): void {
    if (this.#done) {
      this.#uncount();
      return;
    }
    this.#attemptFailed(error, true);
  }

  onInterim(status: number, headers: string[]): void {
    if (this.#done) return;
    const [mark, waiting] = waitingMark;
    if (status === 100) {
      // A client that did not expect a 100 gets none: some take any interim response for the final one.
      if (this.#awaitsContinue) this.#response.writeContinue();
      this.#awaitsContinue = false;
    } else if (status === 102 && headerOf(headers, mark.toLowerCase()) === waiting) {
      if (!this.#beginWaiting()) return;
      this.#response.once("close", () => this.#app.removePoll(this));
      this.#app.addPoll(this);
    } else if (acceptsInterim(this.#request)) {
      // All others are for the client (RFC 9110 section 15.2).
      this.#response.writeInformation(status, headers);
    }
  }

  onSwitch(headers: string[]): void {
    if (this.#done || (!this.#waits && !this.#beginWaiting())) return;
    const connection = this.#connection as Connection;
    const response = this.#response;
    this.#done = true;
    this.#upstreamRecord.firstByteMs = this.#upstreamRecord.endedMs = this.#elapsed;
    response.writeHead(101, [...headers, "Connection", "Upgrade", "Upgrade", "websocket"]).end();
    endAttempt(this.#span, 101);
    this.#target?.succeeded(performance.now());
    this.#app.succeeded();
    connection.transferTo(new Tunnel((this.#handshake as Handshake).accept(), connection));
  }

  onHead(head: ResponseHead): void {
    if (this.#done) return;
    this.#writer.holdHead(head);
    this.#upstreamRecord.firstByteMs = this.#elapsed;
    if (isEventStream(head)) this.#beginWaiting();
  }

  onData(part: Buffer): void {
    if (!this.#done) this.#writer.holdPart(part, this.#connection);
  }

  onRead(): void {
    if (!this.#done) this.#writer.flush(this.#connection);
  }

  onEnd(trailers: string[]): void {
    if (this.#done) return;
    this.#done = true;
    this.#upstreamRecord.endedMs = this.#elapsed;
    this.#writer.end(trailers);
    endAttempt(this.#span, this.#response.statusCode);
    const target = this.#target as Target;
    this.#uncount();
    target.succeeded(performance.now());
    this.#app.succeeded();
    const connection = this.#connection as Connection;
    if (this.#body && !this.#body.sent) {
      this.#body.discard();
      connection.user = undefined;
      connection.destroy();
    } else {
      target.pool.release(connection);
    }
  }

  onDrain(): void {
    this.#request.resume();
  }

  onFailure(error: Error): void {
    this.#writer.discard();
    this.#attemptFailed(error, false);
  }

  /** The gateway is about to stop: a client that waits without a response is asked to retry. */
  endPoll(): void {
    if (this.#done || this.#writer.holdsHead || this.#response.headersSent) return;
    this.#abortWith(new Problem("unavailable", "This server is about to stop.", { headers: { "Retry-After": "1" } }));
  }

  get #elapsed(): number {
    return performance.now() - this.#record.since;
  }

  #attempt(): void {
    const target = this.#app.targets.choose(this.#tried);
    if (target === undefined) {
      this.#hold();
      return;
    }
    this.#target = target;
    this.#tries++;
    this.#upstreamRecord.tries = this.#tries;
    this.#upstreamRecord.target = target.pool.origin.origin;
    target.inFlight++;
    this.#counted = true;
    target.requestSent(performance.now());
    this.#span = this.#spans?.(target.pool.origin, this.#tries);
    target.pool.acquire(this);
  }

  /** No target is available: pauses before the next attempt, as long as the app has not been unavailable for long. */
  #hold(): void {
    if (!this.#app.canHold()) {
      this.#fail(new NoTargetAvailable("No target is available."));
      return;
    }
    this.#tried = undefined;
    this.#cancelHold = this.#app.hold(() => this.#attempt(), 25 + Math.random() * 50);
  }

  /** Retries, holds or fails the request; `unsent` when no connection was made. */
  #attemptFailed(error: Error, unsent: boolean): void {
    const target = this.#target as Target;
    const connection = this.#connection;
    this.#connection = undefined;
    endAttempt(this.#span, error);
    this.#uncount();
    this.#body?.pause();
    const stale = connection?.used === true && !connection.responding;
    const busy = error instanceof UpstreamTimeout && error.code === "WAIT_TIMEOUT";
    if (!stale && !busy) target.failed(performance.now(), unsent);
    if (this.#response.headersSent || (this.#body && !this.#body.isReplayable)) {
      this.#fail(error);
      return;
    }
    if (unsent) {
      this.#tried ??= new Set();
      this.#tried.add(target);
      if (this.#app.targets.choose(this.#tried)) this.#attempt();
      else if (busy) this.#fail(error);
      else this.#hold();
      return;
    }
    const retryable = !connection?.responding && !(error instanceof UpstreamTimeout) && isRetryable(this.#request);
    // A kept connection that the app closed meanwhile does not mean that the app failed; a retry on a fresh one is free, once.
    if (!retryable || this.#tries >= maxTries || !(stale || this.#app.budget.take())) {
      this.#fail(error);
      return;
    }
    failedAttempts.inc({ app: this.#app.name, outcome: "retried" });
    if (stale) target.pool.closeIdle();
    else if (this.#app.targets.all.length > 1) this.#tried = new Set([target]);
    this.#cancelHold = this.#app.hold(() => this.#attempt(), Math.random() * 25 * this.#tries);
  }

  #fail(error: Error): void {
    this.#done = true;
    failedAttempts.inc({ app: this.#app.name, outcome: "given up" });
    this.#body?.discard();
    if (this.#response.destroyed) return;
    const path = pathOf(this.#request.url);
    this.#app.log.warn(
      { err: error, url: { path }, http: { request: { id: this.#record.id } } },
      `Request to ${this.#app.name} failed`,
    );
    if (!this.#response.headersSent && this.#app.stale.respond(this.#request, this.#response, this.#record.id)) return;
    sendProblem(this.#response, problemOf(this.#app.name, error), path, this.#record.id);
  }

  /** The client has disconnected, or has got another response: aborts the upstream request at once. */
  #abort(): void {
    this.#done = true;
    this.#cancelHold?.();
    endAttempt(this.#span, "aborted");
    const connection = this.#connection;
    const target = this.#target;
    if (connection) {
      this.#connection = undefined;
      connection.user = undefined;
      connection.destroy();
      this.#uncount();
    } else if (target?.pool.cancel(this)) {
      this.#uncount();
    }
  }

  /** Aborts the upstream request, and sends a problem to the client. */
  #abortWith(problem: Problem): void {
    this.#abort();
    this.#writer.discard();
    this.#body?.discard();
    sendProblem(this.#response, problem, pathOf(this.#request.url), this.#record.id);
  }

  #uncount(): void {
    if (this.#counted) (this.#target as Target).inFlight--;
    this.#counted = false;
  }

  /** The request only waits from now on and no longer counts as in flight. Returns false when it may not wait, or already does. */
  #beginWaiting(): boolean {
    if (this.#waits || this.#done) return false;
    try {
      this.#record.admission?.beginWaiting();
    } catch (problem) {
      this.#abortWith(problem as Problem);
      return false;
    }
    this.#waits = true;
    this.#uncount();
    if (this.#connection) this.#target?.pool.park(this.#connection);
    return true;
  }
}

/** Whether a response is an event stream, which waits for events even if the app does not signal that it waits. */
function isEventStream({ headers }: ResponseHead): boolean {
  return /^text\/event-stream\b/i.test(headerOf(headers, "content-type") ?? "");
}
