import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Headers that concern one connection only (RFC 9110 section 7.6.1), and `Expect`, which Node has answered already. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
]);

/** Headers that say who the client is: set here, never taken over from outside. */
const setHere = new Set(["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-request-id"]);

function namedInConnection(value: string | undefined): Set<string> {
  return new Set((value ?? "").split(",").map((name) => name.trim().toLowerCase()));
}

/** The head of a client's request as the upstream gets it: a flat list of names and values. */
export function requestHeaders(request: IncomingMessage, requestId: string): string[] {
  const raw = request.rawHeaders;
  const connection = request.headers.connection;
  const dropped = connection && !/^(keep-alive|close)$/i.test(connection) ? namedInConnection(connection) : undefined;
  const headers: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    if (!hopByHop.has(name) && !setHere.has(name) && !dropped?.has(name)) headers.push(name, raw[i + 1] as string);
  }
  headers.push("x-request-id", requestId, "x-forwarded-for", request.socket.remoteAddress ?? "unknown");
  headers.push("x-forwarded-proto", "http", "x-forwarded-host", request.headers.host ?? "");
  if (request.headers.traceparent === undefined) headers.push("traceparent", newTraceparent());
  return headers;
}

/** The head of an upstream's answer as the client gets it, in the upstream's own spelling and order. */
export function responseHeaders(raw: string[]): string[] {
  let dropped: Set<string> | undefined;
  const headers: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() === "connection") dropped = namedInConnection(raw[i + 1]);
  }
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    if (!hopByHop.has(name) && !dropped?.has(name)) headers.push(raw[i] as string, raw[i + 1] as string);
  }
  return headers;
}

/** A W3C `traceparent` for a request that came without one; not sampled. */
function newTraceparent(): string {
  return `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-00`;
}
