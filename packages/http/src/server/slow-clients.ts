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

/** Hangs up on clients that hold a connection by trickling a body or by not reading their answer. Returns how to stop. */
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
        // What is refused has its answer already, and nobody waits for the rest of its body.
        if (answer === undefined) socket.destroy();
        else endWithProblem(socket, bodyTimeout(), log);
      }
    }
  });
}

/** The problem with a body that does not come. */
export function bodyTimeout(): Problem {
  return new Problem("request-timeout", "The request body took too long to arrive.");
}

/**
 * Whether more of a body that is not whole could come, and nothing of it waits to be read here: a reader that is busy leaves
 * what comes in the request. How the reader reads says nothing of the client.
 */
function isAwaited(request: IncomingMessage, answer: ServerResponse | undefined): boolean {
  if (request.readableLength > 0) return false;
  // Of pipelined requests an earlier one is being answered.
  if (answer !== undefined && answer.req !== request) return false;
  return !expectsContinue(request) || answer === undefined || sentContinue(answer);
}

/** Whether a client that asked was told to send its body; Node keeps that there and tells it nowhere else. */
function sentContinue(answer: ServerResponse): boolean {
  return answer.headersSent || ("_sent100" in answer && answer._sent100 === true);
}
