import type { IncomingMessage } from "node:http";
import type { TrustedProxies } from "@quintet/http";
import { clientOf } from "./client-address.ts";
import { isHopByHop } from "./hop-by-hop.ts";

/**
 * What becomes of a header that a client sent: it is passed on, it ends here as it concerns one connection only, it
 * says where a request comes from (only a trusted proxy may say that), or it says who asks, which nobody may.
 */
type Verdict = "passed" | "hop" | "forwarding" | "identity";

const forwarding = /^(?:x-forwarded-(?:for|host|proto)|forwarded)$/;

/** The headers by which proxies of all makes tell an app who the client is, what its address is, or what it asked for. */
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
    "proxy", // A CGI library would take it for a setting of its own.
  ].join("|")})$`,
);

const known = new Map<string, Verdict>();
const mostKnown = 2000;

/** The verdict on a header by its name, in any spelling; remembered, since the same few names come all the time. */
export function verdictOn(name: string): Verdict {
  const remembered = known.get(name);
  if (remembered !== undefined) return remembered;
  // To an app that makes variables of headers an underscore is a hyphen.
  const lower = name.toLowerCase().replaceAll("_", "-");
  const verdict = isHopByHop(lower)
    ? "hop"
    : forwarding.test(lower)
      ? "forwarding"
      : identity.test(lower)
        ? "identity"
        : "passed";
  if (name.length <= 40 && known.size < mostKnown) known.set(name, verdict);
  return verdict;
}

/**
 * Takes out of a request what its client may not say, for an app that gets the request itself. What a trusted proxy said of
 * the client stays, reduced to what is believed of it.
 */
export function stripClientHeaders(request: IncomingMessage, trusted: TrustedProxies | undefined): void {
  const raw = request.rawHeaders;
  let found = false;
  for (let i = 0; i < raw.length && !found; i += 2) {
    const verdict = verdictOn(raw[i] as string);
    found = verdict === "forwarding" || verdict === "identity";
  }
  if (!found) return;
  const { headers } = request;
  const { address, proto, host } = clientOf(request, trusted);
  const kept: string[] = [];
  let proxied = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const verdict = verdictOn(name);
    if (verdict === "forwarding" || verdict === "identity") {
      proxied ||= verdict === "forwarding";
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
