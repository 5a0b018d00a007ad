import type { IncomingMessage, ServerResponse } from "node:http";
import { Problem } from "../errors/problem.ts";

const met = /^100-continue(?:[\t ]*,[\t ]*100-continue)*$/i;

/**
 * Whether a client waits for a 100 before it sends its body (RFC 9110 section 10.1.1). From an HTTP/1.0 client the header is
 * ignored.
 */
export function expectsContinue({ headers, httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  return Boolean(headers.expect) && (httpVersionMajor === 2 || httpVersionMinor > 0);
}

/** The problem of an expectation that is not supported; undefined when there is none. */
export function expectationProblem(request: IncomingMessage): Problem | undefined {
  if (!expectsContinue(request) || met.test(request.headers.expect ?? "")) return undefined;
  return new Problem("expectation-failed", "The only supported expectation is 100-continue.");
}

/**
 * Sends the 100 when the body is first read, in whatever way. A request that is rejected before is rejected without its body, and Node
 * closes its connection, as the client may send the body or not.
 */
export function sendContinueOnRead(request: IncomingMessage, response: ServerResponse): void {
  request._read = (size) => {
    disableAutoContinue(request);
    if (!response.headersSent) response.writeContinue();
    request._read(size);
  };
}

/** Leaves sending the 100 to the caller; a gateway does that when the app behind it has sent one. */
export function disableAutoContinue(request: IncomingMessage): void {
  Reflect.deleteProperty(request, "_read");
}
