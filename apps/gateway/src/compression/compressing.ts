import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { AnswerHead, mayBePacked, packsWell } from "./answer-head.ts";
import { type Coding, codingFor } from "./codings.ts";
import { knownTag, restoreTags, tagOf } from "./entity-tags.ts";
import { findPacked, keepPacked } from "./packed-bodies.ts";
import { type Own, openPacking, type PackingStream } from "./packing-stream.ts";

/** Fewer bytes are three packets of one round trip, and sent in less time than packed. */
const leastBytes = 4096;
/** Up to this size a whole body is packed at once: handing it to another thread would take longer. */
const mostAtOnce = 16 * 1024;

/** A listener whose answers are packed for the clients that take that, where it pays (RFC 9110 section 8.4). */
export function compressing(inner: RequestListener): RequestListener {
  return (request, response) => {
    const coding = request.httpVersionMajor === 1 && request.httpVersionMinor === 0 ? undefined : wanted(request);
    const asked = restoreTags(request);
    if (coding !== undefined || asked !== undefined) new Packing(request, response, coding, asked);
    inner(request, response);
  };
}

function wanted({ headers }: IncomingMessage): Coding | undefined {
  const accepted = headers["accept-encoding"];
  return codingFor(Array.isArray(accepted) ? accepted.join(",") : accepted);
}

type Callback = (error?: Error | null) => void;
type Chunk = string | Uint8Array;

/**
 * Stands before a response from its head to its end. The head of what may be packed is held back until it is known whether the body
 * comes whole, as Node itself holds it back until there is a body.
 */
class Packing {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #coding: Coding | undefined;
  readonly #asked: string | undefined;
  readonly #own: Own;
  /** Whether anything was said of the head. */
  #came = false;
  /** What is held back. */
  #head: AnswerHead | undefined;
  #stream: PackingStream | undefined;
  #flushed = false;
  #trailing = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    coding: Coding | undefined,
    asked: string | undefined,
  ) {
    this.#request = request;
    this.#response = response;
    this.#coding = coding;
    this.#asked = asked;
    const { writeHead, write, end, flushHeaders, addTrailers } = response;
    this.#own = { writeHead, write, end } as Own;
    response.writeHead = (status: number, ...rest: unknown[]) => this.#headCame(status, rest);
    response.write = ((...given: [Chunk]) => this.#wrote(given)) as typeof write;
    response.end = ((...given: unknown[]) => this.#ended(given)) as typeof end;
    response.flushHeaders = () => {
      this.#begin();
      flushHeaders.call(response);
    };
    response.addTrailers = (trailers) => {
      this.#trailing = true;
      addTrailers.call(response, trailers);
    };
  }

  #headCame(status: number, rest: unknown[]): ServerResponse {
    const response = this.#response;
    const head = new AnswerHead(response, status, rest);
    this.#came = true;
    // One that is held back still may be replaced.
    this.#head = undefined;
    const tag = status === 304 && this.#asked !== undefined ? head.get("etag") : undefined;
    if (tag !== undefined) head.set("ETag", knownTag(tag, this.#asked ?? ""));
    if (this.#coding === undefined || response.headersSent || !packsWell(head)) {
      head.write(this.#own.writeHead);
    } else if (this.#request.method === "HEAD") {
      if (mayBePacked(this.#request, head)) {
        head.vary();
        // A GET's length would be another one.
        head.delete("Content-Length");
      }
      head.write(this.#own.writeHead);
    } else {
      response.statusCode = status;
      this.#head = head;
    }
    return response;
  }

  /** A piece of the body, with more to come. */
  #wrote(given: [Chunk, (BufferEncoding | Callback)?, Callback?]): boolean {
    this.#begin();
    const stream = this.#stream;
    if (stream === undefined) return this.#own.write.apply(this.#response, given);
    this.#flushed = false;
    setImmediate(() => this.#flush(stream));
    return stream.write(...(given as [Chunk, BufferEncoding, Callback]));
  }

  /** Lets out what was written in this turn, once. */
  #flush(stream: PackingStream): void {
    if (this.#flushed || stream.writableEnded || stream.destroyed) return;
    this.#flushed = true;
    stream.flush();
  }

  #ended(given: unknown[]): ServerResponse {
    const response = this.#response;
    if (!this.#came) this.#headCame(response.statusCode, []);
    const [last, encoding] = given.filter((one) => typeof one !== "function") as [(Chunk | null)?, BufferEncoding?];
    const chunk = last ?? "";
    // Trailers need a body in chunks.
    if (this.#trailing) this.#begin();
    const head = this.#head;
    if (this.#stream) {
      this.#whenDone(given);
      this.#stream.end(chunk, encoding ?? "utf8");
    } else if (head && sizeOf(chunk, encoding) >= leastBytes && mayBePacked(this.#request, head)) {
      this.#whenDone(given);
      head.vary();
      this.#pack(typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk);
    } else {
      this.#release();
      this.#own.end.apply(response, given);
    }
    return response;
  }

  #pack(body: Uint8Array): void {
    const coding = this.#coding as Coding;
    const { url = "/", headers } = this.#request;
    // What is one person's alone is not kept.
    const shared = headers.authorization === undefined;
    const kept = shared ? findPacked(url, coding, body) : undefined;
    if (kept) {
      this.#send(body, kept);
      return;
    }
    const done = (packed: Buffer) => {
      if (shared) keepPacked(url, coding, body, packed);
      this.#send(body, packed);
    };
    if (body.length <= mostAtOnce) done(coding.packNow(body));
    else coding.pack(body, (error, packed) => (error ? this.#send(body, undefined) : done(packed)));
  }

  #whenDone(given: unknown[]): void {
    const callback = given.find((one) => typeof one === "function") as Callback | undefined;
    if (callback) this.#response.once("finish", callback);
  }

  /** Lets the head go as it is. */
  #release(): void {
    const head = this.#head;
    this.#head = undefined;
    head?.write(this.#own.writeHead);
  }

  /** Answers with the packed body, or with the plain one when that is not smaller. */
  #send(body: Uint8Array, packed: Buffer | undefined): void {
    const response = this.#response;
    if (response.destroyed || response.writableEnded) return;
    const smaller = packed !== undefined && packed.length < body.length ? packed : undefined;
    if (smaller) {
      this.#sayPacked();
      this.#head?.set("Content-Length", smaller.length);
    }
    this.#release();
    this.#own.end.call(response, smaller ?? body);
  }

  /** Writes the head, if that is still to be done, and begins to pack what comes, unless too much is packed already. */
  #begin(): void {
    if (!this.#came) this.#headCame(this.#response.statusCode, []);
    const head = this.#head;
    if (head === undefined) return;
    const length = Number(head.get("content-length") ?? leastBytes);
    if (this.#coding && length >= leastBytes && mayBePacked(this.#request, head)) {
      head.vary();
      this.#stream = openPacking(this.#coding, this.#response, this.#own);
      if (this.#stream) this.#sayPacked();
    }
    this.#release();
  }

  #sayPacked(): void {
    const head = this.#head as AnswerHead;
    const coding = this.#coding as Coding;
    const tag = head.get("etag");
    head.delete("Content-Length");
    head.delete("Accept-Ranges");
    head.set("Content-Encoding", coding.name);
    if (tag !== undefined) head.set("ETag", tagOf(tag, coding));
  }
}

function sizeOf(chunk: Chunk, encoding: BufferEncoding | undefined): number {
  return typeof chunk === "string" ? Buffer.byteLength(chunk, encoding) : chunk.length;
}
