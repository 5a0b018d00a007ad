import type { IncomingMessage, ServerResponse } from "node:http";
import { acceptsInterim } from "@quintet/http";
import { trailersOf } from "../forwarding/request-head.ts";
import type { Connection } from "./connections/connection.ts";
import { withoutHeaders } from "./connections/header-list.ts";
import type { ResponseHead } from "./connections/response-reader.ts";
import type { Recording, StaleResponses } from "./stale/stale-responses.ts";

/** A response up to this size that comes in one piece is sent with its head in one write. */
const smallResponseBytes = 16 * 1024;
const trailerField = new Set(["trailer"]);

/**
 * Passes an upstream's response on to the client, with backpressure. The head and each part of the body are held until the end of the read
 * that brought them: a small response then leaves in one write, and a malformed one can still become a 502.
 */
export class ResponseWriter {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #stale: StaleResponses;
  #head: ResponseHead | undefined;
  #part: Buffer | undefined;
  #recording: Recording | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, stale: StaleResponses) {
    this.#request = request;
    this.#response = response;
    this.#stale = stale;
  }

  /** Whether a head was received that has not been written yet. */
  get holdsHead(): boolean {
    return this.#head !== undefined;
  }

  holdHead(head: ResponseHead): void {
    this.#head = head;
  }

  /** Holds a part of the body, and writes the one before it. */
  holdPart(part: Buffer, connection: Connection | undefined): void {
    if (this.#part) this.#write(this.#part, connection);
    this.#part = part;
  }

  /** Writes what is held: the read is over, and more of the response follows. */
  flush(connection: Connection | undefined): void {
    const part = this.#part;
    this.#part = undefined;
    if (part) {
      this.#write(part, connection);
    } else if (this.#head) {
      this.#writeHead(this.#head);
      this.#response.flushHeaders();
    }
  }

  /** Writes what is held and ends the response; `trailers` is a flat list of names and values. */
  end(trailers: string[]): void {
    const part = this.#part;
    const response = this.#response;
    this.#part = undefined;
    if (this.#head) this.#writeHead(this.#head);
    if (part) this.#recording?.add(part);
    this.#recording?.finish();
    const pairs = trailers.length > 0 ? trailersOf(trailers) : [];
    if (pairs.length > 0) response.addTrailers(pairs);
    if (part === undefined) response.end();
    else if (part.length <= smallResponseBytes) response.end(part.toString("latin1"), "latin1");
    else response.end(Buffer.from(part));
  }

  /** Drops what is held. */
  discard(): void {
    this.#head = undefined;
    this.#part = undefined;
  }

  #writeHead(head: ResponseHead): void {
    const { status, reason, headers, chunked } = head;
    this.#head = undefined;
    this.#recording = this.#stale.record(this.#request, head);
    // Only a chunked response can carry trailers, so only such a one may announce them.
    const announced = chunked && acceptsInterim(this.#request) ? headers : withoutHeaders(headers, trailerField);
    this.#response.writeHead(status, reason, announced);
  }

  #write(part: Buffer, connection: Connection | undefined): void {
    if (this.#head) this.#writeHead(this.#head);
    this.#recording?.add(part);
    const response = this.#response;
    const buffer = connection?.retainBuffer();
    // Without this Node would keep the part until the next tick, and the app would have to pause after each. Chunks are joined by that.
    const isUnchunked = !response.chunkedEncoding;
    if (isUnchunked) response.cork();
    const more = buffer ? response.write(part, buffer.written) : response.write(Buffer.from(part));
    if (isUnchunked) response.uncork();
    const socket = connection?.socket;
    if (more || response.writableLength === 0 || !socket || socket.isPaused()) return;
    socket.pause();
    response.once("drain", () => socket.resume());
  }
}
