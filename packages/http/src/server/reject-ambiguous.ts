import type { IncomingMessage, RequestListener } from "node:http";
import { Problem } from "../errors/problem.ts";
import { sendProblem } from "../errors/raw-problem.ts";
import { pathOf } from "../observability/path-of.ts";
import { recordOf } from "../observability/request-record.ts";
import { urlProblem } from "./client-errors.ts";
import { expectationProblem } from "./expectation.ts";
import { hostProblem } from "./request-host.ts";
import { respondToTarget, servedMethods, toOriginForm } from "./request-target.ts";

/**
 * Path spellings that could get past a check of a prefix: dot segments, plain, encoded or with a parameter, double slashes,
 * backslashes, and NUL.
 */
const trickyPath = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$|;|%3b)|\/\/|\\|%5c|%2f|%00/i;
/** What a request target must not contain; a fragment is for the client alone (RFC 9110 section 4.2.5). */
const notInTarget = /[^\x21-\x22\x24-\x7e]/;
const methods = new Set(servedMethods);

/** Rejects requests that two parsers could read in two ways (400), each as the last one on its connection. */
export function rejectAmbiguous(listener: RequestListener): RequestListener {
  return (request, response) => {
    const problem = requestProblem(request);
    if (problem) {
      // What follows on the connection cannot be distinguished from the body of this request.
      response.shouldKeepAlive = false;
      sendProblem(response, problem, pathOf(request.url), recordOf(request).id);
    } else if (!respondToTarget(request, response)) {
      listener(request, response);
    }
  };
}

/**
 * The problem with a request that Node's parser let through although two parsers could read it in two ways. Converts a target in absolute
 * form to origin form.
 */
export function requestProblem(request: IncomingMessage): Problem | undefined {
  const { headers } = request;
  const untaken = toOriginForm(request);
  if (untaken) return untaken;
  const tooLong = urlProblem(request.url ?? "/");
  if (tooLong) return tooLong;
  // Node's HTTP/1.1 parser rejects all of this; over HTTP/2 a space would end the path of the forwarded request.
  if (notInTarget.test(request.url ?? ""))
    return bad("The URL must consist of printable ASCII characters, without a #.");
  const path = pathOf(request.url);
  const isWhole = request.url === "*" && request.method === "OPTIONS";
  if (!isWhole && (!path.startsWith("/") || trickyPath.test(path))) {
    return bad("The path must not contain dot segments, double slashes or backslashes.");
  }
  if (!methods.has(request.method ?? "")) {
    return new Problem("method-not-allowed", "The method is not supported.", {
      headers: { Allow: [...methods].join(", ") },
    });
  }
  const { httpVersionMajor: major, httpVersionMinor: minor } = request;
  if (major !== 2 && (major !== 1 || minor > 1)) return bad("The HTTP version must be 1.0, 1.1 or 2.");
  if (major === 2 && headers[":scheme"] !== "https") return bad("The scheme must be https.");
  if ((major === 2 || minor === 1) && headers.host === undefined) return bad("The Host header is required.");
  const unreadable = hostProblem(request);
  if (unreadable) return unreadable;
  const expectation = expectationProblem(request);
  if (expectation || major === 2) return expectation; // It has frames instead of codings.
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && (minor === 0 || coding.toLowerCase() !== "chunked")) {
    return bad("The only supported transfer coding is chunked, over HTTP/1.1.");
  }
  return undefined;
}

function bad(detail: string): Problem {
  return new Problem("bad-request", detail);
}
