import type { Server } from "node:http";
import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import { answerOf, endWith } from "./client-errors.ts";
import type { Logger } from "./logger.ts";
import { Problem } from "./problem.ts";

/** Limits for clients that are slow on purpose, in milliseconds. */
export interface SlowLimits {
  /** In this time a body must bring some hundred bytes, or its end. */
  bodyMs: number;
  /** In this time a client must take some of an answer that waits for it. */
  readMs: number;
}

/** Fewer bytes than this in the time that a body has are a trickle. */
export const fewestBytes = 500;

/** Hangs up on clients that hold a connection by trickling a body or by not reading their answer. Returns how to stop. */
export function dropSlowClients(server: Server, limits: SlowLimits, log: Logger): () => void {
  const sockets = new Map<Socket, { bytesRead: number; since: number; timed: boolean }>();
  // Over TLS, HTTP/1.1 runs on the socket that Node makes of a connection; HTTP/2 is watched by its streams.
  const event = server instanceof TlsServer ? "secureConnection" : "connection";
  server.on(event, (socket: Socket & { alpnProtocol?: string }) => {
    if (socket.alpnProtocol === "h2") return;
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
        endWith(socket, new Problem("request-timeout", "The body of the request took too long."), log);
        seen.since = now;
      }
    }
  };
  const timer = setInterval(sweep, Math.max(20, Math.min(limits.bodyMs, limits.readMs) / 10));
  timer.unref();
  return () => clearInterval(timer);
}
