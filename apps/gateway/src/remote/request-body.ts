import type { IncomingMessage } from "node:http";
import { trailersOf } from "../forwarding.ts";
import type { Connection } from "./connection.ts";

/** As much of a body is remembered, so that it can be sent again. */
const mostKept = 64 * 1024;

/** The body of a client's request on its way to an upstream, with backpressure; chunks stay chunks, trailers pass. */
export class RequestBody {
  /** Whether any of it has come. */
  came = false;
  /** Whether the upstream has all of it. */
  sent = false;
  readonly #request: IncomingMessage;
  readonly #chunked: boolean;
  #connection: Connection | undefined;
  #started = false;
  #ended = false;
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;

  constructor(request: IncomingMessage, chunked: boolean) {
    this.#request = request;
    this.#chunked = chunked;
  }

  get canBeSentAgain(): boolean {
    return this.#kept !== undefined;
  }

  /** Sends what came so far to a connection, and what comes from now on. */
  sendTo(connection: Connection): void {
    this.#connection = connection;
    this.sent = false;
    if (!this.#started) {
      this.#started = true;
      this.#request.on("data", (part: Buffer) => this.#came(part));
      this.#request.on("end", () => this.#end());
      return;
    }
    for (const part of this.#kept ?? []) this.#write(connection, part);
    if (this.#ended) this.#finish(connection);
    else this.#request.resume();
  }

  /** Takes no more until it is sent to another connection. */
  pause(): void {
    this.#connection = undefined;
    if (this.#started && !this.#ended) this.#request.pause();
  }

  /** Reads the rest and forgets it, so that the client's connection can serve another request. */
  discard(): void {
    this.#connection = undefined;
    this.#kept = undefined;
    this.#request.resume();
  }

  #came(part: Buffer): void {
    this.came = true;
    this.#keptBytes += part.length;
    if (this.#keptBytes <= mostKept) this.#kept?.push(part);
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
