import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import { ConfigError } from "@quintet/http";

/** Who sent a request, and what is told of it to the app. */
export interface Client {
  address: string;
  proto: string;
  host: string;
}

/** Proxies whose word on the client is believed. */
export interface TrustedProxies {
  check(address: string): boolean;
}

/** The list in `TRUSTED_PROXIES`: addresses and networks such as `10.0.0.0/8`, separated by commas. Throws `ConfigError`. */
export function trustedProxies(list: string): TrustedProxies {
  const known = new BlockList();
  const entries = list.split(",").map((entry) => entry.trim());
  for (const entry of entries.filter((one) => one !== "")) {
    const [address = "", bits] = entry.split("/");
    const family = isIP(address);
    if (
      family === 0 ||
      (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32)))
    ) {
      throw new ConfigError("Bad settings: TRUSTED_PROXIES must be addresses or networks, separated by commas.");
    }
    const type = family === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) known.addAddress(address, type);
    else known.addSubnet(address, Number(bits), type);
  }
  return {
    check(address) {
      const family = isIP(address);
      return family !== 0 && known.check(address, family === 6 ? "ipv6" : "ipv4");
    },
  };
}

const hostPattern = /^[\w.:[\]-]{1,255}$/;

/**
 * The client behind a request. `X-Forwarded-*` counts only as far as trusted proxies wrote it: the address is the last one
 * in `X-Forwarded-For` that is not a trusted proxy's, read from the right (RFC 7239 section 8.1).
 */
export function clientOf(request: IncomingMessage, trusted: TrustedProxies | undefined): Client {
  const peer = plainAddress(request.socket.remoteAddress ?? "unknown");
  const proto = (request.socket as TLSSocket).encrypted ? "https" : "http";
  const host = request.headers.host ?? "";
  if (!trusted?.check(peer)) return { address: peer, proto, host };
  const given = headerOf(request, "x-forwarded-for");
  const chain = given.split(",").map((part) => plainAddress(part.trim()));
  let address = peer;
  for (let at = chain.length - 1; at >= 0 && trusted.check(address); at--) {
    const next = chain[at] as string;
    if (isIP(next) === 0) break;
    address = next;
  }
  const saidProto = headerOf(request, "x-forwarded-proto");
  const saidHost = headerOf(request, "x-forwarded-host");
  return {
    address,
    proto: saidProto === "https" || saidProto === "http" ? saidProto : proto,
    host: hostPattern.test(saidHost) ? saidHost : host,
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

/** An IPv4 address in an IPv6 socket without its `::ffff:`. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}
