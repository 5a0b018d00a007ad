import type { IncomingMessage, ServerResponse } from "node:http";
import { Problem } from "../errors/problem.ts";

const met = /^100-continue(?:[\t ]*,[\t ]*100-continue)*$/i;

/**
 * Whether a client waits for a 100 before it sends its body (RFC 9110 section 10.1.1). What one says that speaks HTTP/1.0 is
 * ignored.
 */
export function expectsContinue({ headers, httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  return Boolean(headers.expect) && (httpVersionMajor === 2 || httpVersionMinor > 0);
}

/** The problem with an expectation that is not met here; undefined when there is none. */
export function expectationProblem(request: IncomingMessage): Problem | undefined {
  if (!expectsContinue(request) || met.test(request.headers.expect ?? "")) return undefined;
  return new Problem("expectation-failed", "The only supported expectation is 100-continue.");
}

/**
 * Invites the body of a client that waits for that when it is first read, however that is done: what is refused before is refused
 * without its body. Node ends the connection of a client that was not invited, as it may send its body or not.
 */
export function sendContinueOnRead(request: IncomingMessage, response: ServerResponse): void {
  request._read = (size) => {
    disableAutoContinue(request);
    if (!response.headersSent) response.writeContinue();
    request._read(size);
  };
}

/** Leaves it to the caller to send the 100, as a gateway does when the app behind it has; reading no longer does. */
export function disableAutoContinue(request: IncomingMessage): void {
  Reflect.deleteProperty(request, "_read");
}
