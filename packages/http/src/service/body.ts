import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Context, MiddlewareHandler } from "hono";
import { Problem } from "../errors/problem.ts";
import type { BodyRules, ServiceEnv } from "../service-env.ts";
import { isJsonType } from "./media-type.ts";

/**
 * Limits how much of a request's body can be read: reading a larger one is a 413. Nothing is read here. A body whose Content-Length is
 * within the limit is left as it is.
 */
export function limitBody(c: Context<ServiceEnv>, rules: BodyRules): void {
  const { method } = c.req;
  if (method === "GET" || method === "HEAD" || rules.streams?.test(c.req.path)) return;
  const length = c.req.header("content-length");
  if (length === undefined ? hasNoBody(c) : Number(length) <= rules.maxBytes) return;
  let whole: Promise<ArrayBuffer> | undefined;
  // Where Hono looks first, whichever method reads the body.
  Object.defineProperty(c.req.bodyCache, "arrayBuffer", {
    get() {
      whole ??= length === undefined ? readWithin(c.req.raw.body, rules) : Promise.reject(tooLarge(rules));
      return whole;
    },
    enumerable: true,
  });
}

/**
 * Rejects a body that is too large (413), and JSON that is not UTF-8 (400, RFC 8259 section 8.1), which a decoder would silently
 * repair. It runs behind the guards: the body of an unauthorized request is never read.
 */
export const bodyValidator: MiddlewareHandler<ServiceEnv> = (c, next) => {
  const reading = validateBody(c);
  return reading ? reading.then(next) : next();
};

/** As `bodyValidator`, for code that reads a body in front of the guards. Returns a promise only if the body had to be read. */
export function validateBody(c: Context<ServiceEnv>): Promise<void> | undefined {
  const rules = c.get("bodyRules");
  const { method } = c.req;
  if (rules === undefined || method === "GET" || method === "HEAD" || rules.streams?.test(c.req.path)) return undefined;
  const length = c.req.header("content-length");
  if (length === undefined && hasNoBody(c)) return undefined;
  if (Number(length) > rules.maxBytes) throw tooLarge(rules);
  const isJson = isJsonType(c.req.header("content-type"));
  return isJson || length === undefined ? read(c, isJson) : undefined;
}

/** Reads a body into Hono's body cache, so that it is read and decoded once. */
function read(c: Context<ServiceEnv>, isJson: boolean): Promise<void> | undefined {
  const incoming = c.env?.incoming;
  const plain = isJson && incoming !== undefined && !incoming.readableDidRead && !("arrayBuffer" in c.req.bodyCache);
  if (!plain) {
    return c.req.arrayBuffer().then((bytes) => {
      if (isJson) keepText(c, Buffer.from(bytes));
    });
  }
  const received = receivedBytes(incoming);
  if (received === undefined) return bytesOf(incoming).then((bytes) => keepText(c, bytes));
  keepText(c, received);
  return undefined;
}

function keepText(c: Context<ServiceEnv>, bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new Problem("bad-request", "The body is not valid UTF-8, which JSON requires.");
  const text = bytes.toString();
  c.set("bodyText", text);
  c.req.bodyCache.text = Promise.resolve(text) as never;
}

/** The whole body of Node's request, if all of it is here already: a small one comes with its head. */
function receivedBytes(incoming: IncomingMessage): Buffer | undefined {
  return incoming.complete && incoming.httpVersionMajor === 1 ? (incoming.read() ?? undefined) : undefined;
}

/** The whole body of Node's request, without the copy that an `ArrayBuffer` would need. */
function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.once("end", () => resolve(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)));
    incoming.once("error", reject);
    incoming.once("close", () => {
      if (!incoming.readableEnded)
        reject(new Problem("bad-request", "The client disconnected before its request was complete."));
    });
  });
}

/** The whole body of a request without a Content-Length. */
async function readWithin(body: ReadableStream<Uint8Array> | null, rules: BodyRules): Promise<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (const reader = body?.getReader(); reader; ) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
    if (bytes > rules.maxBytes) throw tooLarge(rules);
    parts.push(value);
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole.buffer;
}

/** Whether a request over a socket has no body: neither a length nor a transfer coding (RFC 9112 section 6.3). */
function hasNoBody(c: Context<ServiceEnv>): boolean {
  const headers = c.env?.incoming?.headers;
  return headers !== undefined && !("content-length" in headers) && !("transfer-encoding" in headers);
}

function tooLarge({ maxBytes }: BodyRules): Problem {
  return new Problem("payload-too-large", `The body is larger than ${maxBytes} bytes.`);
}
