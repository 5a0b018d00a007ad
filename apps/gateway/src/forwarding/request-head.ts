import { randomFillSync } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { acceptsProcessing, type RequestRecord } from "@quintet/http";
import { type Client, forwardedElement } from "./client-address.ts";
import { headerKind } from "./client-headers.ts";
import { connectionOptions } from "./hop-by-hop.ts";
import { viaLine } from "./via.ts";

/** Headers that the gateway sets itself. */
const setByGateway = new RegExp(`^(?:x-request-id|expect|${acceptsProcessing})$`, "i");

/**
 * The head of a client's request as it is sent to the upstream, without the final empty line; `via` is the gateway's name. The framing of
 * the body is kept. The caller adds `Expect`, and with `traced` also `Traceparent`.
 */
export function requestHead(
  request: IncomingMessage,
  record: RequestRecord,
  { client, via, traced }: { client: Client; via: string; traced: boolean },
): string {
  const raw = request.rawHeaders;
  const { headers } = request;
  const dropped = connectionOptions(headers.connection);
  let head = `${request.method} ${request.url} HTTP/1.1\r\n`;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (headerKind(name) !== "passed" || setByGateway.test(name) || dropped?.has(name.toLowerCase())) continue;
    if (traced && name.toLowerCase() === "traceparent") continue;
    head += `${name}: ${raw[i + 1]}\r\n`;
  }
  if (headers.host === undefined) head += "Host: localhost\r\n";
  if (headers["transfer-encoding"] !== undefined) head += "Transfer-Encoding: chunked\r\n";
  if (headers.te !== undefined && /(?:^|,)\s*trailers\s*(?:,|$)/i.test(String(headers.te))) head += "TE: trailers\r\n";
  if (!traced && headers.traceparent === undefined) head += `Traceparent: ${newTraceparent(record)}\r\n`;
  head += viaLine(request, via);
  return `${head}${acceptsProcessing}: 1\r\nX-Request-Id: ${record.id}\r\nX-Forwarded-For: ${client.address}\r\nX-Forwarded-Proto: ${client.proto}\r\nX-Forwarded-Host: ${client.host}\r\nForwarded: ${forwardedElement(client)}\r\n`;
}

/** Fields that must not be trailers (RFC 9110 section 6.5.1): framing, routing, and credentials. */
const neverTrailers =
  /^(?:content-length|transfer-encoding|trailer|host|te|connection|upgrade|expect|authorization|cookie|set-cookie|content-type|content-encoding|content-range|x-forwarded-.*|forwarded|x-request-id)$/i;

/** The trailers of a flat list that may be passed on, as pairs. */
export function trailersOf(flat: string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string;
    if (!neverTrailers.test(name)) pairs.push([name, flat[i + 1] as string]);
  }
  return pairs;
}

const random = Buffer.alloc(24 * 128);
let used = random.length;

/** A W3C `traceparent` for a request without one; not sampled. Random bytes are generated for many requests at once. */
function newTraceparent(record: RequestRecord): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const hex = random.toString("hex", used, used + 24);
  used += 24;
  record.traceId = hex.slice(0, 32);
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-00`;
}
