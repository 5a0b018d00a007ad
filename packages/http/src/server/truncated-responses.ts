import type { IncomingMessage, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";

/**
 * Resets the connection of an HTTP/1.0 client when its response is cut, whoever cuts it: such a response may end where its connection
 * does, and would look whole otherwise (RFC 9112 section 8). Over TLS the missing closure alert tells.
 */
export function resetWhenTruncated(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  if (request.httpVersionMajor !== 1 || request.httpVersionMinor !== 0 || socket instanceof TLSSocket) return;
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
