import type { IncomingMessage } from "node:http";
import { trailersOf } from "../forwarding/request-head.ts";
import type { Connection } from "./connections/connection.ts";

/** A body up to this size, in bytes, is kept so that it can be sent again. */
const maxKept = 64 * 1024;

/** Streams the body of a client's request to an upstream, with backpressure; chunks stay chunks, trailers are passed on. */
export class RequestBody {
  /** Whether any of it has arrived. */
  hasBytes = false;
  /** Whether all of it was sent to the upstream. */
  sent = false;
  readonly #request: IncomingMessage;
  readonly #chunked: boolean;
  #connection: Connection | undefined;
  #reading = false;
  #ended = false;
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;

  constructor(request: IncomingMessage, chunked: boolean) {
    this.#request = request;
    this.#chunked = chunked;
  }

  get isReplayable(): boolean {
    return this.#kept !== undefined;
  }

  /** Sends what has arrived to a connection, and whatever arrives from now on. */
  sendTo(connection: Connection): void {
    this.#connection = connection;
    this.sent = false;
    if (!this.#reading) {
      this.#reading = true;
      this.#request.on("data", (part: Buffer) => this.#onData(part));
      this.#request.on("end", () => this.#end());
      return;
    }
    for (const part of this.#kept ?? []) this.#write(connection, part);
    if (this.#ended) this.#finish(connection);
    else this.#request.resume();
  }

  /** Stops reading until the body is sent to another connection. */
  pause(): void {
    this.#connection = undefined;
    if (this.#reading && !this.#ended) this.#request.pause();
  }

  /** Reads and drops the rest, so that the client's connection can carry another request. */
  discard(): void {
    this.#connection = undefined;
    this.#kept = undefined;
    this.#request.resume();
  }

  #onData(part: Buffer): void {
    this.hasBytes = true;
    this.#keptBytes += part.length;
    if (this.#keptBytes <= maxKept) this.#kept?.push(part);
    else this.#kept = undefined;
    if (this.#connection && !this.#write(this.#connection, part)) this.#request.pause();
  }

  #write(connection: Connection, part: Buffer): boolean {
    if (!this.#chunked) return connection.write(part);
    connection.socket.cork();
    connection.write(`${part.length.toString(16)}\r\n`);
    connection.write(part);
    const more = connection.write("\r\n");
    connection.socket.uncork();
    return more;
  }

  #end(): void {
    this.#ended = true;
    if (this.#connection) this.#finish(this.#connection);
  }

  #finish(connection: Connection): void {
    this.sent = true;
    if (!this.#chunked) return;
    const lines = trailersOf(this.#request.rawTrailers).map(([name, value]) => `${name}: ${value}\r\n`);
    connection.write(`0\r\n${lines.join("")}\r\n`);
  }
}
