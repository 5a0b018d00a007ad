import { randomUUID } from "node:crypto";
import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Problem, type ProblemCode } from "./problem.ts";
import { problemText, sendProblem } from "./raw-problem.ts";
import { requestIdOf } from "./request-log.ts";

/** The longest URL that is looked at, in bytes. */
const longestUrl = 8 * 1024;
const lingerMs = 1000;

const reasons: Record<string, [ProblemCode, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ["request-timeout", "The head of the request took too long."],
  HPE_HEADER_OVERFLOW: ["headers-too-large", "The head of the request is larger than 16 KiB."],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ["payload-too-large", "The chunk extensions are too long."],
};

/** The answer that is under way on a connection, if any; Node keeps it there and tells it nowhere else. */
function answerOf(socket: Duplex): ServerResponse | undefined {
  return "_httpMessage" in socket ? ((socket._httpMessage as ServerResponse | null) ?? undefined) : undefined;
}

/** Ends a connection with a problem, unless an answer is on its way already; what the client still sends is dropped. */
function endWith(socket: Duplex, problem: Problem): void {
  if (!socket.writable || answerOf(socket)?.headersSent) {
    socket.destroy();
    return;
  }
  socket.end(problemText(problem, "", randomUUID()), "latin1");
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

/** Answers what Node's parser refuses (smuggling tricks among it) and what is not served by a problem, and hangs up. */
export function answerBadRequests(server: Server): void {
  server.on("clientError", (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
    if (error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const [code, detail] = reasons[error.code ?? ""] ?? ["bad-request", "This is not a well-formed HTTP/1.1 request."];
    const lineEnd = error.rawPacket?.indexOf("\n") ?? 0;
    const long = code === "headers-too-large" && (lineEnd < 0 || lineEnd > longestUrl);
    endWith(socket, long ? urlTooLong() : new Problem(code, detail));
  });
  server.on("connect", (_request, socket) => {
    const problem = new Problem("method-not-allowed", "This is no forward proxy.", { headers: { Allow: "GET" } });
    socket.on("error", () => socket.destroy());
    endWith(socket, problem);
  });
  server.on("checkExpectation", (request, response) => {
    const requestId = requestIdOf(request.headers["x-request-id"] as string | undefined);
    const problem = new Problem("expectation-failed", "The only expectation that is met is 100-continue.");
    sendProblem(response, problem, (request.url ?? "/").split("?", 1)[0] as string, requestId);
  });
}

/** The problem with a URL that is longer than 8 KiB; undefined when there is none. */
export function urlProblem(url: string): Problem | undefined {
  return url.length > longestUrl ? urlTooLong() : undefined;
}

function urlTooLong(): Problem {
  return new Problem("uri-too-long", `The URL is longer than ${longestUrl} bytes.`);
}

/** Limits for clients that are slow on purpose, in milliseconds. */
export interface SlowLimits {
  /** In this time a body must bring some hundred bytes, or its end. */
  bodyMs: number;
  /** In this time a client must take some of an answer that waits for it. */
  readMs: number;
}

const fewestBytes = 500;

/** Hangs up on clients that hold a connection by trickling a body or by not reading their answer. Returns how to stop. */
export function dropSlowClients(server: Server, limits: SlowLimits): () => void {
  const sockets = new Map<Socket, { bytesRead: number; since: number; timed: boolean }>();
  server.on("connection", (socket: Socket) => {
    sockets.set(socket, { bytesRead: 0, since: performance.now(), timed: false });
    socket.once("close", () => sockets.delete(socket));
  });
  const sweep = () => {
    const now = performance.now();
    for (const [socket, seen] of sockets) {
      const stuck = socket.writableLength > 0;
      // Node's own socket timer knows how far a large write has got.
      if (stuck !== seen.timed) {
        seen.timed = stuck;
        socket.setTimeout(stuck ? limits.readMs : 0);
        if (stuck) socket.once("timeout", () => seen.timed && socket.destroy());
      }
      const request = answerOf(socket)?.req;
      const waits = request && !request.complete && request.readableLength === 0 && !request.isPaused();
      if (!waits || request.headers.expect !== undefined || socket.bytesRead - seen.bytesRead >= fewestBytes) {
        seen.bytesRead = socket.bytesRead;
        seen.since = now;
      } else if (now - seen.since > limits.bodyMs) {
        endWith(socket, new Problem("request-timeout", "The body of the request took too long."));
        seen.since = now;
      }
    }
  };
  const timer = setInterval(sweep, Math.max(20, Math.min(limits.bodyMs, limits.readMs) / 10));
  timer.unref();
  return () => clearInterval(timer);
}
