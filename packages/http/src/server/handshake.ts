import { type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { currentResponse } from "./client-errors.ts";

/** A WebSocket handshake that has no response yet (RFC 9110 section 7.8). */
export class Handshake {
  readonly #socket: Socket;

  constructor(socket: Socket, early: Buffer) {
    this.#socket = socket;
    if (early.length > 0) socket.unshift(early);
    // Node keeps reading the connection, and what arrives is buffered here.
    socket.on("end", this.#gone);
  }

  /** The client's connection, once a 101 was sent to it. Everything that it sends, or has sent early, is to be read there. */
  accept(): Socket {
    this.#socket.off("end", this.#gone);
    return this.#socket;
  }

  readonly #gone = (): void => void this.#socket.destroy();
}

const offered = new WeakMap<IncomingMessage, Handshake>();
const ignored = new WeakSet<IncomingMessage>();

/** The handshake of a request to a server that was passed to `serveHandshakes`; undefined for any other request. */
export function handshakeOf(request: IncomingMessage): Handshake | undefined {
  return offered.get(request);
}

/** Node's `shouldUpgradeCallback`: whether a request comes as an upgrade. Any other `Upgrade` is ignored (RFC 9110 section 7.8). */
export function shouldUpgrade(request: IncomingMessage, edge: boolean): boolean {
  if (edge && isHandshake(request)) return true;
  ignored.add(request);
  return false;
}

/** Whether a request came with an `Upgrade` that is ignored. */
export function isIgnoredUpgrade(request: IncomingMessage): boolean {
  return ignored.has(request);
}

/**
 * Whether a request is a handshake that a 101 could accept: a GET over HTTP/1.1 without a body, with no earlier request in progress on
 * its connection. HTTP/1.0 must be ignored, and Node would lose a body.
 */
function isHandshake({ method, headers, httpVersion, socket }: IncomingMessage): boolean {
  if (currentResponse(socket) !== undefined) return false;
  const { upgrade, "content-length": length = "0", "transfer-encoding": coding } = headers;
  const named = upgrade?.split(",").some((protocol) => protocol.trim().toLowerCase() === "websocket");
  return method === "GET" && httpVersion === "1.1" && named === true && length === "0" && coding === undefined;
}

/**
 * Passes handshakes to the server's request listeners like every other request. Any response but a 101 is the last one on its connection,
 * because Node no longer parses requests there. Returns a function that closes the connections that Node no longer tracks.
 */
export function serveHandshakes(server: Server): () => void {
  const open = new Set<Socket>();
  server.on("upgrade", (request: IncomingMessage, socket: Socket, early: Buffer) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once("finish", () => {
      if (response.statusCode !== 101) socket.destroySoon();
    });
    offered.set(request, new Handshake(socket, early));
    server.emit("request", request, response);
  });
  return () => {
    for (const socket of open) socket.destroy();
  };
}
