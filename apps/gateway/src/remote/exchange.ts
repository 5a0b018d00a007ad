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
import { clientOf } from "../client-address.ts";
import { requestHead, trailersOf } from "../forwarding.ts";
import { type AttemptSpans, attemptSpans, endAttempt } from "./attempt-span.ts";
import { type Connection, type ConnectionUser, UpstreamTimeout } from "./connection.ts";
import type { Lease } from "./connections.ts";
import { isIdempotent, LoopDetected, NoTarget, problemOf } from "./failures.ts";
import { headerOf, withoutHeaders } from "./header-list.ts";
import type { RemoteApp } from "./remote-app.ts";
import { RequestBody } from "./request-body.ts";
import type { AnswerHead } from "./response-reader.ts";
import type { Recording } from "./stale-answers.ts";
import type { Target } from "./target.ts";
import { Tunnel } from "./tunnel.ts";
import { failedAttempts } from "./upstream-metrics.ts";
import { hasPassed } from "./via.ts";

const mostTries = 3;
/** An answer up to this size that comes in one piece is sent with its head in one write. */
const smallAnswer = 16 * 1024;
const trailerField = new Set(["trailer"]);

/** One client's request, from the choice of a target to the last byte of the answer. */
export class Exchange implements Lease, ConnectionUser {
  readonly #record: RequestRecord;
  readonly #told: UpstreamRecord;
  readonly #app: RemoteApp;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #head: string;
  readonly #body: RequestBody | undefined;
  readonly #handshake: Handshake | undefined;
  /** Whether the client waits for a 100 and has not been sent one. */
  #awaitsContinue: boolean;
  #target: Target | undefined;
  #tried: Set<Target> | undefined;
  #tries = 0;
  #connection: Connection | undefined;
  #answer: AnswerHead | undefined;
  #part: Buffer | undefined;
  #recording: Recording | undefined;
  #stopWaiting: (() => void) | undefined;
  #done = false;
  /** Whether the target counts it: from when it is asked until the response is whole, or the app says that it only waits. */
  #counted = false;
  #waits = false;
  readonly #spans: AttemptSpans | undefined;
  #span: Span | undefined;

  constructor(app: RemoteApp, request: IncomingMessage, response: ServerResponse) {
    this.#app = app;
    this.#request = request;
    this.#response = response;
    this.#record = recordOf(request);
    this.#record.route = `/${app.name}/*`;
    this.#told = {
      name: app.name,
      target: undefined,
      tries: 0,
      connectedMs: undefined,
      firstByteMs: undefined,
      endedMs: undefined,
    };
    this.#record.upstream = this.#told;
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
      if (!this.#done) this.#abandon();
    });
    this.#app.budget.requestCame();
    if (hasPassed(this.#request, this.#app.via)) this.#fail(new LoopDetected("The request came from here."));
    else this.#ask();
  }

  onConnection(connection: Connection): void {
    if (this.#done) {
      this.#uncount();
      this.#target?.connections.release(connection);
      return;
    }
    this.#connection = connection;
    this.#told.connectedMs = this.#elapsed;
    const { method = "GET" } = this.#request;
    const head = this.#span ? `${this.#head}Traceparent: ${this.#span.traceparent}\r\n` : this.#head;
    if (this.#body === undefined) {
      connection.send(`${head}\r\n`, method, this, this.#handshake !== undefined);
    } else {
      // A client need not wait until it is sent the 100, so what comes is passed on in any case.
      const expect = this.#awaitsContinue && !this.#body.came ? "Expect: 100-continue\r\n" : "";
      // The head and what there is of the body leave in one write.
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

  onInformation(status: number, headers: string[]): void {
    if (this.#done) return;
    const [mark, waiting] = waitingMark;
    if (status === 100) {
      // Who did not ask has sent its body, and some take any interim response for the final one.
      if (this.#awaitsContinue) this.#response.writeContinue();
      this.#awaitsContinue = false;
    } else if (status === 102 && headerOf(headers, mark.toLowerCase()) === waiting) {
      if (!this.#beginWaiting()) return;
      this.#response.once("close", () => this.#app.pollEnded(this));
      this.#app.pollBegan(this);
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
    this.#told.firstByteMs = this.#told.endedMs = this.#elapsed;
    response.writeHead(101, [...headers, "Connection", "Upgrade", "Upgrade", "websocket"]).end();
    endAttempt(this.#span, 101);
    this.#target?.answered(performance.now());
    this.#app.answered();
    connection.handTo(new Tunnel((this.#handshake as Handshake).accept(), connection));
  }

  onHead(answer: AnswerHead): void {
    if (this.#done) return;
    // Told to the client with what follows in the same read: if that is malformed, there is time yet for a 502.
    this.#answer = answer;
    this.#told.firstByteMs = this.#elapsed;
    if (isEventStream(answer)) this.#beginWaiting();
  }

  #writeHead(answer: AnswerHead): void {
    const { status, reason, headers, chunked } = answer;
    const response = this.#response;
    this.#answer = undefined;
    this.#recording = this.#app.stale.record(this.#request, answer);
    // Only a chunked answer can carry trailers, so only such a one may announce them.
    const announced = chunked && acceptsInterim(this.#request) ? headers : withoutHeaders(headers, trailerField);
    response.writeHead(status, reason, announced);
  }

  onData(part: Buffer): void {
    if (this.#done) return;
    if (this.#part) this.#passOn(this.#part);
    this.#part = part;
  }

  onRead(): void {
    if (this.#done) return;
    const part = this.#part;
    this.#part = undefined;
    if (part) {
      this.#passOn(part);
    } else if (this.#answer) {
      this.#writeHead(this.#answer);
      this.#response.flushHeaders();
    }
  }

  onEnd(trailers: string[]): void {
    if (this.#done) return;
    const part = this.#part;
    const response = this.#response;
    this.#part = undefined;
    this.#done = true;
    this.#told.endedMs = this.#elapsed;
    if (this.#answer) this.#writeHead(this.#answer);
    endAttempt(this.#span, response.statusCode);
    if (part) this.#recording?.add(part);
    this.#recording?.finish();
    const pairs = trailers.length > 0 ? trailersOf(trailers) : [];
    if (pairs.length > 0) response.addTrailers(pairs);
    if (part === undefined) response.end();
    else if (part.length <= smallAnswer) response.end(part.toString("latin1"), "latin1");
    else response.end(Buffer.from(part));
    const target = this.#target as Target;
    this.#uncount();
    target.answered(performance.now());
    this.#app.answered();
    const connection = this.#connection as Connection;
    if (this.#body && !this.#body.sent) {
      this.#body.discard();
      connection.user = undefined;
      connection.destroy();
    } else {
      target.connections.release(connection);
    }
  }

  onDrain(): void {
    this.#request.resume();
  }

  onFailure(error: Error): void {
    this.#answer = undefined;
    this.#part = undefined;
    this.#attemptFailed(error, false);
  }

  get #elapsed(): number {
    return performance.now() - this.#record.since;
  }

  #ask(): void {
    const target = this.#app.targets.choose(this.#tried);
    if (target === undefined) {
      this.#wait();
      return;
    }
    this.#target = target;
    this.#tries++;
    this.#told.tries = this.#tries;
    this.#told.target = target.connections.origin.origin;
    target.underWay++;
    this.#counted = true;
    target.asked(performance.now());
    this.#span = this.#spans?.(target.connections.origin, this.#tries);
    target.connections.lease(this);
  }

  /** Nobody can be asked now: waits a moment, as long as the app has not been away for long. */
  #wait(): void {
    if (!this.#app.mayHold()) {
      this.#fail(new NoTarget("No target can be asked."));
      return;
    }
    this.#tried = undefined;
    this.#stopWaiting = this.#app.hold(() => this.#ask(), 25 + Math.random() * 50);
  }

  #passOn(part: Buffer): void {
    if (this.#answer) this.#writeHead(this.#answer);
    this.#recording?.add(part);
    const response = this.#response;
    const held = this.#connection?.holdBuffer();
    // Left alone, Node keeps a piece for the next tick, and the app would have to pause after each. Chunks are joined by that.
    const atOnce = !response.chunkedEncoding;
    if (atOnce) response.cork();
    const more = held ? response.write(part, held.written) : response.write(Buffer.from(part));
    if (atOnce) response.uncork();
    const socket = this.#connection?.socket;
    if (more || response.writableLength === 0 || !socket || socket.isPaused()) return;
    socket.pause();
    response.once("drain", () => this.#connection?.socket.resume());
  }

  #attemptFailed(error: Error, unsent: boolean): void {
    const target = this.#target as Target;
    const connection = this.#connection;
    this.#connection = undefined;
    endAttempt(this.#span, error);
    this.#uncount();
    this.#body?.pause();
    const stale = connection?.used === true && !connection.answering;
    const busy = error instanceof UpstreamTimeout && error.code === "WAIT_TIMEOUT";
    if (!stale && !busy) target.failed(performance.now(), unsent);
    if (this.#response.headersSent || (this.#body && !this.#body.canBeSentAgain)) {
      this.#fail(error);
      return;
    }
    if (unsent) {
      this.#tried ??= new Set();
      this.#tried.add(target);
      if (this.#app.targets.choose(this.#tried)) this.#ask();
      else if (busy) this.#fail(error);
      else this.#wait();
      return;
    }
    const again = !connection?.answering && !(error instanceof UpstreamTimeout) && isIdempotent(this.#request);
    // A kept connection that the app closed meanwhile says nothing of the app; it costs a fresh one, once.
    if (!again || this.#tries >= mostTries || !(stale || this.#app.budget.take())) {
      this.#fail(error);
      return;
    }
    failedAttempts.inc({ app: this.#app.name, outcome: "retried" });
    if (stale) target.connections.closeIdle();
    else if (this.#app.targets.all.length > 1) this.#tried = new Set([target]);
    this.#stopWaiting = this.#app.hold(() => this.#ask(), Math.random() * 25 * this.#tries);
  }

  #fail(error: Error): void {
    this.#done = true;
    failedAttempts.inc({ app: this.#app.name, outcome: "given up" });
    this.#body?.discard();
    if (this.#response.destroyed) return;
    const path = pathOf(this.#request.url);
    this.#app.log.warn(
      { err: error, url: { path }, http: { request: { id: this.#record.id } } },
      `${this.#app.name} failed`,
    );
    if (!this.#response.headersSent && this.#app.stale.answer(this.#request, this.#response, this.#record.id)) return;
    sendProblem(this.#response, problemOf(this.#app.name, error), path, this.#record.id);
  }

  /** The client has its answer, or has gone; then the upstream is told at once. */
  #abandon(): void {
    this.#done = true;
    this.#stopWaiting?.();
    endAttempt(this.#span, "aborted");
    const connection = this.#connection;
    const target = this.#target;
    if (connection) {
      this.#connection = undefined;
      connection.user = undefined;
      connection.destroy();
      this.#uncount();
    } else if (target?.connections.cancel(this)) {
      this.#uncount();
    }
  }

  #uncount(): void {
    if (this.#counted) (this.#target as Target).underWay--;
    this.#counted = false;
  }

  /** The request only waits from now on: it is no work, here and in what the target has to do. False when it may not, or did before. */
  #beginWaiting(): boolean {
    if (this.#waits || this.#done) return false;
    try {
      this.#record.admission?.beginWaiting();
    } catch (problem) {
      this.#breakOff(problem as Problem);
      return false;
    }
    this.#waits = true;
    this.#uncount();
    if (this.#connection) this.#target?.connections.park(this.#connection);
    return true;
  }

  /** The gateway stops: whoever waits and has no response yet is told to ask again. */
  letGo(): void {
    if (this.#done || this.#answer || this.#response.headersSent) return;
    this.#breakOff(new Problem("unavailable", "This server is about to stop.", { headers: { "Retry-After": "1" } }));
  }

  /** Gives up on the app, which takes back what it has for a client that has gone, and sends a problem instead. */
  #breakOff(problem: Problem): void {
    this.#abandon();
    this.#answer = undefined;
    this.#body?.discard();
    sendProblem(this.#response, problem, pathOf(this.#request.url), this.#record.id);
  }
}

/** Whether a response is a stream of events: whoever sends it waits for them, also an app that does not say so. */
function isEventStream({ headers }: AnswerHead): boolean {
  return /^text\/event-stream\b/i.test(headerOf(headers, "content-type") ?? "");
}
