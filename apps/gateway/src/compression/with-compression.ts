import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type Coding, codingFor } from "./codings.ts";
import { findCompressed, keepCompressed } from "./compressed-bodies.ts";
import { type CompressionStream, type OriginalMethods, openCompressionStream } from "./compression-stream.ts";
import { requestedTag, restoreRequestTags, tagOf } from "./entity-tags.ts";
import { isCompressible, isSafeToCompress, PendingHead } from "./pending-head.ts";

/** A smaller body fits into three packets of one round trip and is sent faster than it is compressed. */
const minBytes = 4096;
/** Up to this size a whole body is compressed synchronously: handing it to another thread would take longer. */
const maxSyncBytes = 16 * 1024;

/** A listener that compresses responses for clients that accept that, where it pays off (RFC 9110 section 8.4). */
export function withCompression(inner: RequestListener): RequestListener {
  return (request, response) => {
    const coding = request.httpVersionMajor === 1 && request.httpVersionMinor === 0 ? undefined : codingOf(request);
    const tags = restoreRequestTags(request);
    if (coding !== undefined || tags !== undefined) new ResponseCompression(request, response, coding, tags);
    inner(request, response);
  };
}

function codingOf({ headers }: IncomingMessage): Coding | undefined {
  const accepted = headers["accept-encoding"];
  return codingFor(Array.isArray(accepted) ? accepted.join(",") : accepted);
}

type Callback = (error?: Error | null) => void;
type Chunk = string | Uint8Array;

/**
 * Intercepts the methods of a response. The head of a compressible response is held until it is known whether the body comes in one piece,
 * just as Node itself holds the head until there is a body.
 */
class ResponseCompression {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #coding: Coding | undefined;
  readonly #requestedTags: string | undefined;
  readonly #original: OriginalMethods;
  /** Whether `writeHead` was called. */
  #headWritten = false;
  /** The head that is held. */
  #head: PendingHead | undefined;
  #stream: CompressionStream | undefined;
  #flushed = false;
  #hasTrailers = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    coding: Coding | undefined,
    requestedTags: string | undefined,
  ) {
    this.#request = request;
    this.#response = response;
    this.#coding = coding;
    this.#requestedTags = requestedTags;
    const { writeHead, write, end, flushHeaders, addTrailers } = response;
    this.#original = { writeHead, write, end } as OriginalMethods;
    response.writeHead = (status: number, ...rest: unknown[]) => this.#onWriteHead(status, rest);
    response.write = ((...args: [Chunk]) => this.#onWrite(args)) as typeof write;
    response.end = ((...args: unknown[]) => this.#onEnd(args)) as typeof end;
    response.flushHeaders = () => {
      this.#begin();
      flushHeaders.call(response);
    };
    response.addTrailers = (trailers) => {
      this.#hasTrailers = true;
      addTrailers.call(response, trailers);
    };
  }

  #onWriteHead(status: number, rest: unknown[]): ServerResponse {
    const response = this.#response;
    const head = new PendingHead(response, status, rest);
    this.#headWritten = true;
    // A head that is still held may be replaced.
    this.#head = undefined;
    const tag = status === 304 && this.#requestedTags !== undefined ? head.get("etag") : undefined;
    if (tag !== undefined) head.set("ETag", requestedTag(tag, this.#requestedTags ?? ""));
    if (this.#coding === undefined || response.headersSent || !isCompressible(head)) {
      head.writeWith(this.#original.writeHead);
    } else if (this.#request.method === "HEAD") {
      if (isSafeToCompress(this.#request, head)) {
        head.addVary();
        // The response to a GET would have another length.
        head.delete("Content-Length");
      }
      head.writeWith(this.#original.writeHead);
    } else {
      response.statusCode = status;
      this.#head = head;
    }
    return response;
  }

  /** A part of the body; more may follow. */
  #onWrite(args: [Chunk, (BufferEncoding | Callback)?, Callback?]): boolean {
    this.#begin();
    const stream = this.#stream;
    if (stream === undefined) return this.#original.write.apply(this.#response, args);
    this.#flushed = false;
    setImmediate(() => this.#flush(stream));
    return stream.write(...(args as [Chunk, BufferEncoding, Callback]));
  }

  /** Flushes once what was written in this turn of the event loop. */
  #flush(stream: CompressionStream): void {
    if (this.#flushed || stream.writableEnded || stream.destroyed) return;
    this.#flushed = true;
    stream.flush();
  }

  #onEnd(args: unknown[]): ServerResponse {
    const response = this.#response;
    if (!this.#headWritten) this.#onWriteHead(response.statusCode, []);
    const [last, encoding] = args.filter((one) => typeof one !== "function") as [(Chunk | null)?, BufferEncoding?];
    const chunk = last ?? "";
    // Trailers need a chunked body.
    if (this.#hasTrailers) this.#begin();
    const head = this.#head;
    if (this.#stream) {
      this.#onFinish(args);
      this.#stream.end(chunk, encoding ?? "utf8");
    } else if (head && sizeOf(chunk, encoding) >= minBytes && isSafeToCompress(this.#request, head)) {
      this.#onFinish(args);
      head.addVary();
      this.#compress(typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk);
    } else {
      this.#release();
      this.#original.end.apply(response, args);
    }
    return response;
  }

  #compress(body: Uint8Array): void {
    const coding = this.#coding as Coding;
    const { url = "/", headers } = this.#request;
    // Responses to authenticated requests are not cached.
    const shared = headers.authorization === undefined;
    const cached = shared ? findCompressed(url, coding, body) : undefined;
    if (cached) {
      this.#send(body, cached);
      return;
    }
    const done = (compressed: Buffer) => {
      if (shared) keepCompressed(url, coding, body, compressed);
      this.#send(body, compressed);
    };
    if (body.length <= maxSyncBytes) done(coding.compressSync(body));
    else coding.compress(body, (error, compressed) => (error ? this.#send(body, undefined) : done(compressed)));
  }

  #onFinish(args: unknown[]): void {
    const callback = args.find((one) => typeof one === "function") as Callback | undefined;
    if (callback) this.#response.once("finish", callback);
  }

  /** Writes the held head. */
  #release(): void {
    const head = this.#head;
    this.#head = undefined;
    head?.writeWith(this.#original.writeHead);
  }

  /** Sends the compressed body, or the original one when that is not larger. */
  #send(body: Uint8Array, compressed: Buffer | undefined): void {
    const response = this.#response;
    if (response.destroyed || response.writableEnded) return;
    const smaller = compressed !== undefined && compressed.length < body.length ? compressed : undefined;
    if (smaller) {
      this.#setCodingHeaders();
      this.#head?.set("Content-Length", smaller.length);
    }
    this.#release();
    this.#original.end.call(response, smaller ?? body);
  }

  /** Writes the held head and starts streaming, compressed unless too many streams are open. */
  #begin(): void {
    if (!this.#headWritten) this.#onWriteHead(this.#response.statusCode, []);
    const head = this.#head;
    if (head === undefined) return;
    const length = Number(head.get("content-length") ?? minBytes);
    if (this.#coding && length >= minBytes && isSafeToCompress(this.#request, head)) {
      head.addVary();
      this.#stream = openCompressionStream(this.#coding, this.#response, this.#original);
      if (this.#stream) this.#setCodingHeaders();
    }
    this.#release();
  }

  #setCodingHeaders(): void {
    const head = this.#head as PendingHead;
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
