import type { IncomingMessage } from "node:http";
import { Problem } from "../errors/problem.ts";

const plainHost = /^(?:[\w.~!$&'()*+,;=-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;
let lastHost: string | undefined;

/** What is wrong with a request's Host header if it has one. There may be one only (RFC 9112 section 3.2). */
export function hostProblem(request: IncomingMessage): Problem | undefined {
  const { host } = request.headers;
  if (host === undefined || (isHost(host) && hosts(request) === 1)) return undefined;
  return new Problem("bad-request", "There must be exactly one valid Host header.");
}

/**
 * Whether a Host header names one host in one way only: no URL can be made of `a.1` or `a:99999`, and `127.1` becomes another one in
 * it. The last good one is remembered, because nearly all requests bring the same.
 */
function isHost(host: string): boolean {
  if (host === lastHost) return true;
  if (!plainHost.test(host)) return false;
  if (URL.parse(`http://${host}/`)?.hostname !== host.replace(/:\d+$/, "").toLowerCase()) return false;
  lastHost = host;
  return true;
}

function hosts({ rawHeaders }: IncomingMessage): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === "host") count++;
  }
  return count;
}
