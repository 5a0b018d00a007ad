import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import { Problem } from "../errors/problem.ts";
import type { Logger } from "../observability/logger.ts";
import { currentResponse, endWithProblem } from "./client-errors.ts";
import { expectsContinue } from "./expectation.ts";
import { BodyClock, type SlowLimits, sweeping } from "./slow-body.ts";

interface Seen {
  clock: BodyClock;
  /** The last request that has a body, as long as that is not whole. */
  request: IncomingMessage | undefined;
  timed: boolean;
}

/** Closes connections whose client trickles a body or does not read its response. Returns a function that stops the checks. */
export function dropSlowClients(server: Server, limits: SlowLimits, log: Logger): () => void {
  const sockets = new Map<Socket, Seen>();
  // Over TLS, HTTP/1.1 runs on the socket that Node makes of a connection; HTTP/2 is watched by its streams.
  const event = server instanceof TlsServer ? "secureConnection" : "connection";
  server.on(event, (socket: Socket & { alpnProtocol?: string }) => {
    if (socket.alpnProtocol === "h2") return;
    sockets.set(socket, { clock: new BodyClock(), request: undefined, timed: false });
    socket.once("close", () => sockets.delete(socket));
  });
  server.prependListener("request", (request) => {
    const { headers } = request;
    if (headers["transfer-encoding"] === undefined && (headers["content-length"] ?? "0") === "0") return;
    const seen = sockets.get(request.socket);
    if (seen) seen.request = request;
  });
  return sweeping(limits, (ms) => {
    for (const [socket, seen] of sockets) {
      const stuck = socket.writableLength > 0;
      // Node's own socket timer knows how far a large write has got.
      if (stuck !== seen.timed) {
        seen.timed = stuck;
        socket.setTimeout(stuck ? limits.readMs : 0);
        if (stuck) socket.once("timeout", () => seen.timed && socket.destroy());
      }
      const answer = currentResponse(socket);
      if (seen.request?.complete) seen.request = undefined;
      if (seen.request === undefined || !isAwaited(seen.request, answer)) {
        seen.clock.restart(socket.bytesRead);
      } else if (seen.clock.isLate(socket.bytesRead, ms, limits.bodyMs)) {
        seen.clock.restart(socket.bytesRead);
        // A rejected request has its response already, and the rest of its body is not needed.
        if (answer === undefined) socket.destroy();
        else endWithProblem(socket, bodyTimeout(), log);
      }
    }
  });
}

/** The problem of a body that does not arrive. */
export function bodyTimeout(): Problem {
  return new Problem("request-timeout", "The request body took too long to arrive.");
}

/**
 * Whether the client could send more of an incomplete body, with nothing received that is still unread: a busy handler leaves data in
 * the request, which is not the client's fault.
 */
function isAwaited(request: IncomingMessage, answer: ServerResponse | undefined): boolean {
  if (request.readableLength > 0) return false;
  // An earlier pipelined request is in progress.
  if (answer !== undefined && answer.req !== request) return false;
  return !expectsContinue(request) || answer === undefined || sentContinue(answer);
}

/** Whether a 100 was sent. Node keeps that on the response and exposes it nowhere else. */
function sentContinue(answer: ServerResponse): boolean {
  return answer.headersSent || ("_sent100" in answer && answer._sent100 === true);
}
