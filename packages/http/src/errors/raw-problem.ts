import type { ServerResponse } from "node:http";
import { errorCorsHeaders } from "./error-cors.ts";
import { type Problem, problemBody } from "./problem.ts";
import { problemPageFor } from "./problem-pages.ts";

function headersOf(problem: Problem, length: number, requestId: string): Record<string, string | number> {
  return {
    "Content-Type": "application/problem+json",
    "Content-Length": length,
    "X-Request-Id": requestId,
    "X-Content-Type-Options": "nosniff",
    ...problem.headers,
  };
}

/** Sends a problem on Node's own response, for a browser as a page. When the head was sent already, it closes the connection so that the client notices. */
export function sendProblem(response: ServerResponse, problem: Problem, path: string, requestId: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = problemBody(problem, path, requestId);
  const page = problemPageFor(response)?.render(body, path);
  const text = page?.text ?? JSON.stringify(body);
  const headers = headersOf(problem, Buffer.byteLength(text), requestId);
  response.writeHead(problem.status, { ...headers, ...page?.headers, ...errorCorsHeaders(response) });
  response.end(text);
}

/** A problem as a complete HTTP/1.1 response that closes its connection, for sockets without a response object. */
export function problemText(problem: Problem, path: string, requestId: string): string {
  const content = problemBody(problem, path, requestId);
  const body = JSON.stringify(content);
  const headers = Object.entries(headersOf(problem, Buffer.byteLength(body), requestId));
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `HTTP/1.1 ${content.status} ${content.title}\r\n${lines}Connection: close\r\n\r\n${body}`;
}
