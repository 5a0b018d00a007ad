import type { ServerResponse } from "node:http";
import { type Problem, problemBody } from "@quintet/http";

/** Answers a problem on the raw response; when the head has gone already, the connection is cut so that the client notices. */
export function sendProblem(response: ServerResponse, problem: Problem, path: string, requestId: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify(problemBody(problem, path, requestId));
  response.writeHead(problem.status, {
    ...problem.headers,
    "Content-Type": "application/problem+json",
    "Content-Length": Buffer.byteLength(body),
    "X-Request-Id": requestId,
    "X-Content-Type-Options": "nosniff",
  });
  response.end(body);
}
