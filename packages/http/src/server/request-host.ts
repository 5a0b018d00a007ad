import type { IncomingMessage } from "node:http";
import { Problem } from "../errors/problem.ts";

const plainHost = /^(?:[\w.~!$&'()*+,;=-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;
let lastHost: string | undefined;

/** The problem with a request's Host header, if it has one. Only one is allowed (RFC 9112 section 3.2). */
export function hostProblem(request: IncomingMessage): Problem | undefined {
  const { host } = request.headers;
  if (host === undefined || (isHost(host) && hosts(request) === 1)) return undefined;
  return new Problem("bad-request", "There must be exactly one valid Host header.");
}

/**
 * Whether a Host header can be read in one way only: `a.1` and `a:99999` are not valid in a URL, and `127.1` becomes another host in one.
 * The last valid one is cached, because nearly all requests send the same.
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
