import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { pathOf } from "@quintet/http";
import type { Upstream } from "./upstream.ts";

/**
 * The gateway's request listener: routes a request to the upstream whose prefix is the path's first segment, and any other request to
 * `own`, the gateway's own routes. Ambiguous paths were rejected before.
 */
export function route(upstreams: Upstream[], own: RequestListener): RequestListener {
  const byPrefix = new Map(upstreams.map((upstream) => [upstream.prefix, upstream]));
  return (request: IncomingMessage, response: ServerResponse) => {
    const path = pathOf(request.url);
    const end = path.indexOf("/", 1);
    const upstream = byPrefix.get(end < 0 ? path : path.slice(0, end));
    if (upstream) upstream.handle(request, response);
    else own(request, response);
  };
}
