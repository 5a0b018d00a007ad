import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import { plainAddress, type TrustedProxies } from "@quintet/http";

/** The client of a request, as it is reported to the app. */
export interface Client {
  address: string;
  proto: string;
  host: string;
}

const hostPattern = /^[\w.:[\]-]{1,255}$/;

/**
 * The client of a request. `X-Forwarded-*` is used only as far as trusted proxies wrote it: the address is the rightmost one in
 * `X-Forwarded-For` that is not a trusted proxy's (RFC 7239 section 8.1).
 */
export function clientOf(request: IncomingMessage, trusted: TrustedProxies | undefined): Client {
  const peer = plainAddress(request.socket.remoteAddress ?? "unknown");
  const proto = (request.socket as TLSSocket).encrypted ? "https" : "http";
  const host = request.headers.host ?? "";
  if (!trusted?.check(peer)) return { address: peer, proto, host };
  const forwardedFor = headerOf(request, "x-forwarded-for");
  const chain = forwardedFor.split(",").map((part) => plainAddress(part.trim()));
  let address = peer;
  for (let at = chain.length - 1; at >= 0 && trusted.check(address); at--) {
    const next = chain[at] as string;
    if (isIP(next) === 0) break;
    address = next;
  }
  const forwardedProto = headerOf(request, "x-forwarded-proto");
  const forwardedHost = headerOf(request, "x-forwarded-host");
  return {
    address,
    proto: forwardedProto === "https" || forwardedProto === "http" ? forwardedProto : proto,
    host: hostPattern.test(forwardedHost) ? forwardedHost : host,
  };
}

/** The address part of a `Forwarded` element (RFC 7239 section 6): IPv6 in brackets and quotes. */
export function forwardedElement({ address, proto, host }: Client): string {
  const node = address.includes(":") ? `"[${address}]"` : address;
  return hostPattern.test(host) ? `for=${node};proto=${proto};host="${host}"` : `for=${node};proto=${proto}`;
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : (value ?? "");
}
