import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { pathOf } from "@quintet/http";
import type { Upstream } from "./upstream.ts";

/** Finds the upstream that owns a path, by its first segment. */
function finder(upstreams: Upstream[]): (path: string) => Upstream | undefined {
  const byPrefix = new Map(upstreams.map((upstream) => [upstream.prefix, upstream]));
  return (path) => {
    const end = path.indexOf("/", 1);
    return byPrefix.get(end < 0 ? path : path.slice(0, end));
  };
}

/**
 * The gateway's request listener: the upstream whose prefix is the path's first segment gets the request;
 * what belongs to nobody goes to `own`, the gateway's own routes. No path gets here that could be read in two ways.
 */
export function route(upstreams: Upstream[], own: RequestListener): RequestListener {
  const find = finder(upstreams);
  return (request: IncomingMessage, response: ServerResponse) => {
    const upstream = find(pathOf(request.url));
    if (upstream) {
      upstream.handle(request, response);
    } else {
      sayContinue(request, response);
      own(request, response);
    }
  };
}

/** The WebSocket handshakes among the requests, for the upstreams that take them. */
export function upgrades(upstreams: Upstream[]) {
  const find = finder(upstreams);
  const ownerOf = (request: IncomingMessage) => find(pathOf(request.url));
  return {
    takes: (request: IncomingMessage) =>
      request.method === "GET" &&
      request.headers.upgrade?.toLowerCase() === "websocket" &&
      request.headers["content-length"] === undefined &&
      request.headers["transfer-encoding"] === undefined &&
      ownerOf(request)?.upgrade !== undefined,
    pass: (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      ownerOf(request)?.upgrade?.(request, socket, head),
  };
}

/** Lets a client that asked first send its body, to an app that reads it in this process. */
export function sayContinue(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect !== undefined) response.writeContinue();
}
