import { randomUUID } from "node:crypto";
import type { Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Problem, problemBody } from "./problem.ts";

/**
 * Answers what is no whole HTTP request (a head that is too large or malformed, or does not end) with a problem and
 * closes the connection. When an answer is on its way there, the connection is only closed: a second head would stand in its body.
 */
export function answerClientErrors(server: Server): void {
  const latest = new WeakMap<Duplex, ServerResponse>();
  server.prependListener("request", (request, response) => {
    latest.set(request.socket, response);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    const answer = latest.get(socket);
    const midway = answer?.headersSent && !answer.writableFinished;
    if (midway || !socket.writable || error.code === "ECONNRESET") socket.destroy();
    else socket.end(rawAnswer(problemOf(error.code)));
  });
}

function problemOf(code: string | undefined): Problem {
  if (code === "HPE_HEADER_OVERFLOW") return new Problem("head-too-large", "The head of the request is too large.");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new Problem("request-timeout", "The request did not come in time.");
  return new Problem("bad-request", "This is not an HTTP request.");
}

/** The path is not known, so that the problem's instance is the root. */
function rawAnswer(problem: Problem): string {
  const requestId = randomUUID();
  const body = problemBody(problem, "/", requestId);
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${problem.status} ${body.title}`,
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(text)}`,
    `X-Request-Id: ${requestId}`,
    "X-Content-Type-Options: nosniff",
    `Date: ${new Date().toUTCString()}`,
    "Connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${text}`;
}
