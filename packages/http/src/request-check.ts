import type { IncomingMessage, RequestListener } from "node:http";
import { urlProblem } from "./client-errors.ts";
import { pathOf } from "./path-of.ts";
import { Problem } from "./problem.ts";
import { sendProblem } from "./raw-problem.ts";
import { recordOf } from "./request-record.ts";

/**
 * Path spellings that a prefix could be passed with: dot segments, plain or encoded or with a parameter, doubled
 * slashes, backslashes, and NUL.
 */
const trickyPath = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$|;|%3b)|\/\/|\\|%5c|%2f|%00/i;
const notPrintable = /[^\x21-\x7e]/;
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const plainHost = /^(?:[\w.~!$&'()*+,;=-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;
let lastHost: string | undefined;

/** A listener that gets no request that could be read in two ways; such a one is a 400, and the last on its connection. */
export function checked(listener: RequestListener): RequestListener {
  return (request, response) => {
    const problem = requestProblem(request);
    if (problem) {
      // What follows on the connection cannot be told from the body of a request that nobody understood.
      response.shouldKeepAlive = false;
      sendProblem(response, problem, pathOf(request.url), recordOf(request).id);
    } else {
      listener(request, response);
    }
  };
}

/** What is wrong with a request that Node's parser let through, though two readers could take it in two ways. */
export function requestProblem(request: IncomingMessage): Problem | undefined {
  const { headers } = request;
  const tooLong = urlProblem(request.url ?? "/");
  if (tooLong) return tooLong;
  // Node's parser lets none of this through; over HTTP/2 a space would end the path of the request that is forwarded.
  if (notPrintable.test(request.url ?? "")) return bad("The URL must be of printable ASCII characters.");
  const path = pathOf(request.url);
  if (!path.startsWith("/") || trickyPath.test(path)) {
    return bad("The path must be plain: no dot segments, doubled slashes or backslashes.");
  }
  if (!methods.has(request.method ?? "")) {
    return new Problem("method-not-allowed", "This method is not served here.", {
      headers: { Allow: [...methods].join(", ") },
    });
  }
  const { httpVersionMajor: major, httpVersionMinor: minor } = request;
  if (major !== 2 && (major !== 1 || minor > 1)) return bad("The HTTP version must be 1.0, 1.1 or 2.");
  if (major === 2 && headers[":scheme"] !== "https") return bad("The scheme must be https.");
  if ((major === 2 || minor === 1) && headers.host === undefined) return bad("A Host header is missing.");
  if (headers.host !== undefined && (!isHost(headers.host) || hosts(request) > 1)) {
    return bad("There must be one plain Host header.");
  }
  if (major === 2) return undefined; // It has frames instead of codings.
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && (minor === 0 || coding.toLowerCase() !== "chunked")) {
    return bad("The only transfer coding that is taken is chunked, with HTTP/1.1.");
  }
  return undefined;
}

/**
 * Whether a Host header names one host in one way only (RFC 9112 section 3.2): no URL can be made of `a.1` or `a:99999`, and `127.1`
 * becomes another one in it. The last good one is remembered, because nearly all requests bring the same.
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

function bad(detail: string): Problem {
  return new Problem("bad-request", detail);
}
