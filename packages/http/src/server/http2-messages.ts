import type { OutgoingHttpHeaders } from "node:http";
import {
  constants,
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { ReadableOptions } from "node:stream";

/**
 * An HTTP/2 request in the form of an HTTP/1.1 request, so that the code that serves or forwards requests need not distinguish them:
 * `:authority` is `Host`, `Cookie` is one field (RFC 9113 section 8.2.3), and a body without a length is `chunked`.
 */
export class Http2Request extends Http2ServerRequest {
  /** Bytes of the body received so far. */
  bytesReceived = 0;
  /** Bytes of names and values in the head. */
  readonly headBytes: number;

  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    options: ReadableOptions,
    raw: readonly string[],
  ) {
    super(stream, headers, options, plainHeaders(headers, raw));
    this.headBytes = raw.reduce((sum, text) => sum + text.length, 0);
    headers.host ??= headers[":authority"];
    if (!stream.endAfterHeaders && headers["content-length"] === undefined) headers["transfer-encoding"] = "chunked";
  }

  override push(chunk: Buffer | null): boolean {
    this.bytesReceived += chunk?.length ?? 0;
    return super.push(chunk);
  }
}

/**
 * Ends a stream whose body was not read to its end, once the response is complete (RFC 9113 section 8.1): unread bodies would use up the
 * flow-control window and the streams of the connection. No reset is needed when the client has sent everything.
 */
function endUnread(stream: ServerHttp2Stream): void {
  if (stream.destroyed || stream.readableEnded) return;
  if (stream.endAfterHeaders || stream.state.remoteClose === 1) stream.resume();
  else if (stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR);
  else setTimeout(endUnread, 5, stream).unref();
}

/** Header names and values as received, without pseudo-header fields. Two different hosts are both kept, to be rejected later. */
function plainHeaders(headers: IncomingHttpHeaders, raw: readonly string[]): string[] {
  const authority = headers[":authority"];
  const plain = authority === undefined ? [] : ["host", authority];
  let cookieAt = -1;
  for (let i = 0; i < raw.length; i += 2) {
    const [name = "", value = ""] = [raw[i], raw[i + 1]];
    if (name.startsWith(":") || (name === "host" && value === authority)) continue;
    if (name === "cookie" && cookieAt >= 0) plain[cookieAt] += `; ${value}`;
    else if (name === "cookie") cookieAt = plain.push(name, value) - 1;
    else plain.push(name, value);
  }
  return plain;
}

type Headers = OutgoingHttpHeaders | readonly string[];

/** An HTTP/2 response that accepts what an HTTP/1.1 response accepts: connection headers and reason phrases are dropped. */
export class Http2Response extends Http2ServerResponse {
  #bodyBytes = 0;

  constructor(stream: ServerHttp2Stream) {
    super(stream);
    Object.defineProperty(this, "destroyed", { get: () => stream.destroyed });
    stream.once("finish", () => endUnread(stream));
  }

  /** Bytes of the response: names and values of its headers and trailers, and its body as far as it was written. */
  get bytesSent(): number {
    const { sentHeaders, sentTrailers } = this.stream;
    return this.#bodyBytes + sizeOf(sentHeaders) + sizeOf(sentTrailers);
  }

  override write(chunk: string | Uint8Array, ...rest: never[]): boolean {
    const encoding = typeof rest[0] === "string" ? (rest[0] as BufferEncoding) : "utf8";
    this.#bodyBytes += typeof chunk === "string" ? Buffer.byteLength(chunk, encoding) : chunk.length;
    return super.write(chunk, ...rest);
  }

  override setHeader(name: string, value: number | string | readonly string[]): void {
    if (!connectionHeaders.test(name)) super.setHeader(name, value);
  }

  override writeHead(status: number, reason?: string | Headers, given?: Headers): this {
    const headers = typeof reason === "string" ? given : reason;
    return super.writeHead(status, withoutConnection(headers ?? {}) as OutgoingHttpHeaders);
  }

  override addTrailers(trailers: OutgoingHttpHeaders | readonly [string, string][]): void {
    super.addTrailers(fieldsOf(Array.isArray(trailers) ? trailers : Object.entries(trailers)));
  }

  /** Sends an interim response (RFC 9113 section 8.1), with headers as a flat list, as Node's own class does for HTTP/1.1. */
  writeInformation(status: number, headers: readonly string[] = []): void {
    const pairs = headers.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, headers[i + 1] ?? ""]] : []));
    if (!this.stream.destroyed) this.stream.additionalHeaders({ ":status": status, ...fieldsOf(pairs) });
  }

  /** A truncated response ends in an error: after a plain close some clients take it for complete. */
  override destroy(error?: Error): this {
    const { stream } = this;
    if (stream.headersSent && !stream.writableFinished && !stream.closed)
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return super.destroy(error);
  }
}

function fieldsOf(pairs: readonly [string, string][]): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  for (const [name, value] of pairs) {
    const lower = name.toLowerCase();
    fields[lower] = [...(fields[lower] ?? []), value];
  }
  return fields;
}

function sizeOf(headers: OutgoingHttpHeaders | undefined): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) bytes += name.length + String(one).length;
  }
  return bytes;
}

/** Fields that an HTTP/2 message must not have (RFC 9113 section 8.2.2). */
const connectionHeaders = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$/i;

function withoutConnection(headers: Headers): Headers {
  if (!Array.isArray(headers)) {
    return Object.fromEntries(Object.entries(headers).filter(([name]) => !connectionHeaders.test(name)));
  }
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (!connectionHeaders.test(headers[i])) kept.push(headers[i], headers[i + 1]);
  }
  return kept;
}
