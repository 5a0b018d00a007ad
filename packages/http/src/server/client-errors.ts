import { randomUUID } from "node:crypto";
import type { Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Problem, type ProblemCode } from "../errors/problem.ts";
import { problemText, sendProblem } from "../errors/raw-problem.ts";
import type { Logger } from "../observability/logger.ts";
import { recordOf } from "../observability/request-record.ts";
import { logMalformedRequest, logOnClose } from "./access-log.ts";

/** The max length of a URL, in bytes. */
const longestUrl = 8 * 1024;
const lingerMs = 1000;

const reasons: Record<string, [ProblemCode, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ["request-timeout", "The request headers took too long to arrive."],
  HPE_HEADER_OVERFLOW: ["head-too-large", "The request headers are larger than 16 KiB."],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ["payload-too-large", "The chunk extensions are too long."],
};

/** The response in progress on a connection, if any. Node keeps it there and exposes it nowhere else. */
export function currentResponse(socket: Duplex): ServerResponse | undefined {
  return "_httpMessage" in socket ? ((socket._httpMessage as ServerResponse | null) ?? undefined) : undefined;
}

/** Ends a connection with a problem, unless a response has begun. What the client still sends is dropped. */
export function endWithProblem(socket: Duplex, problem: Problem, log: Logger): void {
  if (!socket.writable || currentResponse(socket)?.headersSent) {
    socket.destroy();
    return;
  }
  const answer = currentResponse(socket);
  const record = answer && recordOf(answer.req);
  const requestId = record?.id ?? randomUUID();
  // Logged with the request that it belongs to; what is not a request yet gets a line of its own.
  if (answer) answer.statusCode = problem.status;
  else logMalformedRequest(log, requestId, problem.status);
  socket.end(problemText(problem.with(record?.problemMembers ?? {}), "/", requestId), "latin1");
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

/**
 * Responds with a problem to what Node's parser rejects (request smuggling among it) and to CONNECT, and closes the connection.
 * When a response has begun, the connection is only closed: a second head would end up in its body.
 */
export function rejectClientErrors(server: Server, log: Logger): void {
  server.on("clientError", (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
    if (error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const [code, detail] = reasons[error.code ?? ""] ?? ["bad-request", "The request is not well-formed HTTP/1.1."];
    const lineEnd = error.rawPacket?.indexOf("\n") ?? 0;
    const long = code === "head-too-large" && (lineEnd < 0 || lineEnd > longestUrl);
    endWithProblem(socket, long ? urlTooLong() : new Problem(code, detail), log);
  });
  server.on("connect", (request, socket) => {
    const problem = new Problem("method-not-allowed", "CONNECT is not supported: this server is not a forward proxy.", {
      headers: { Allow: "GET" },
    });
    if (request.httpVersionMajor > 1) {
      // Over HTTP/2 it is one stream among others, with a response of its own.
      const response = socket as unknown as ServerResponse;
      logOnClose(request, response, log);
      sendProblem(response, problem, "/", recordOf(request).id);
      return;
    }
    socket.on("error", () => socket.destroy());
    endWithProblem(socket, problem, log);
  });
}

/** The problem with a URL that is longer than 8 KiB; undefined when there is none. */
export function urlProblem(url: string): Problem | undefined {
  return url.length > longestUrl ? urlTooLong() : undefined;
}

function urlTooLong(): Problem {
  return new Problem("uri-too-long", `The URL is longer than ${longestUrl} bytes.`);
}
