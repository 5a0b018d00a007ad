import type { IncomingMessage, RequestListener } from "node:http";
import type { Duplex } from "node:stream";
import { listenerOf } from "@quintet/http";
import { sayContinue } from "./routing.ts";
import type { Upstream } from "./upstream.ts";

/** Any Hono app, as far as mounting it goes. */
export interface MountableApp {
  fetch: (request: Request, env: object) => Response | Promise<Response>;
  /** Takes the sockets of WebSocket handshakes, if the app has any. */
  upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** An app in this process: it gets Node's own request and response, so that mounting it costs one comparison of the path. */
export function mountedUpstream(name: string, prefix: string, app: MountableApp): Upstream {
  const listener: RequestListener = listenerOf(app);
  return {
    name,
    prefix,
    handle(request, response) {
      if (request.headers.expect !== undefined) sayContinue(request, response);
      listener(request, response as Parameters<RequestListener>[1]);
    },
    upgrade: app.upgrade?.bind(app),
    get: async (path) => app.fetch(new Request(`http://gateway.internal${path}`), {}),
    close: async () => {},
  };
}
