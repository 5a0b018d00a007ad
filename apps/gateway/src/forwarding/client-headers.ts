import type { IncomingMessage } from "node:http";
import type { TrustedProxies } from "@quintet/http";
import { clientOf } from "./client-address.ts";
import { isHopByHop } from "./hop-by-hop.ts";

/**
 * How a request header is treated: passed on; dropped, because it concerns one connection only; trusted only from a trusted proxy, because
 * it says where the request comes from; or always removed, because it claims an identity.
 */
type HeaderKind = "passed" | "hop" | "forwarding" | "identity";

const forwarding = /^(?:x-forwarded-(?:for|host|proto)|forwarded)$/;

/** Headers by which proxies of all kinds pass the client's identity, address or original request to an app. */
const identity = new RegExp(
  `^(?:${[
    "x-forwarded-.*",
    "x-(?:auth-request|remote|authenticated|authentik|authelia|webauth|goog-authenticated|ms-client-principal)(?:-.*)?",
    "x-(?:user|account|role|group|email|tenant)s?(?:-(?:id|name|email|roles?|groups?))?",
    "remote-(?:user|email|name|groups?|addr)",
    "x-(?:real|client|cluster-client)-ip|client-ip|(?:true|fastly)-client-ip|cf-connecting-ip(?:v6)?",
    "x-envoy-external-address",
    "(?:x-)?ssl-.*|x-client-(?:cert|dn|verify).*|client-cert.*",
    "x-(?:original|rewrite)-(?:url|uri|host|method|for)",
    "proxy", // CGI libraries would read it as HTTP_PROXY.
  ].join("|")})$`,
);

const known = new Map<string, HeaderKind>();
const maxKnown = 2000;

/** The kind of a header by its name, in any case; cached, because the same few names occur all the time. */
export function headerKind(name: string): HeaderKind {
  const cached = known.get(name);
  if (cached !== undefined) return cached;
  // Apps that turn headers into variables do not distinguish underscores from hyphens.
  const lower = name.toLowerCase().replaceAll("_", "-");
  const kind = isHopByHop(lower)
    ? "hop"
    : forwarding.test(lower)
      ? "forwarding"
      : identity.test(lower)
        ? "identity"
        : "passed";
  if (name.length <= 40 && known.size < maxKnown) known.set(name, kind);
  return kind;
}

/**
 * Removes from a request the headers that its client may not set, for an app that gets the request object itself. Forwarding headers of a
 * trusted proxy are replaced by the values that are trusted.
 */
export function stripClientHeaders(request: IncomingMessage, trusted: TrustedProxies | undefined): void {
  const raw = request.rawHeaders;
  let found = false;
  for (let i = 0; i < raw.length && !found; i += 2) {
    const kind = headerKind(raw[i] as string);
    found = kind === "forwarding" || kind === "identity";
  }
  if (!found) return;
  const { headers } = request;
  const { address, proto, host } = clientOf(request, trusted);
  const kept: string[] = [];
  let proxied = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const kind = headerKind(name);
    if (kind === "forwarding" || kind === "identity") {
      proxied ||= kind === "forwarding";
      delete headers[name.toLowerCase()];
    } else {
      kept.push(name, raw[i + 1] as string);
    }
  }
  if (proxied && trusted?.check(clientOf(request, undefined).address)) {
    for (const [name, value] of [
      ["X-Forwarded-For", address],
      ["X-Forwarded-Proto", proto],
      ["X-Forwarded-Host", host],
    ] as const) {
      kept.push(name, value);
      headers[name.toLowerCase()] = value;
    }
  }
  raw.splice(0, raw.length, ...kept);
}
