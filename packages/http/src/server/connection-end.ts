import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";
import { isIgnoredUpgrade } from "./handshake.ts";

/**
 * Ends an HTTP/1.x connection with its response while the server drains, and after an `Upgrade` that was ignored: Node loses the requests
 * that follow such a one.
 */
export function withLastResponse(isDraining: () => boolean): (next: RequestListener) => RequestListener {
  return (next) => (request, response) => {
    if (request.httpVersionMajor === 1 && (isDraining() || isIgnoredUpgrade(request))) response.shouldKeepAlive = false;
    next(request, response);
  };
}

/**
 * Resets the connection of an HTTP/1.0 client when its response is cut short: a response without a length ends where its connection
 * does, and would look whole otherwise (RFC 9112 section 8). Over TLS the missing closure alert shows it.
 */
export function withResetOnTruncation(next: RequestListener): RequestListener {
  return (request, response) => {
    if (request.httpVersionMajor === 1 && request.httpVersionMinor === 0) resetOnTruncation(request, response);
    next(request, response);
  };
}

function resetOnTruncation({ socket }: IncomingMessage, response: ServerResponse): void {
  if (socket instanceof TLSSocket) return;
  const { destroy } = socket;
  socket.destroy = (error) => {
    socket.destroy = destroy;
    const isWhole = response.writableEnded && socket.writableLength === 0;
    return response.headersSent && !isWhole && !socket.destroyed ? socket.resetAndDestroy() : socket.destroy(error);
  };
  response.once("finish", () => {
    socket.destroy = destroy;
  });
}
