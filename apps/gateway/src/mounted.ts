import type { RequestListener } from "node:http";
import { listenerOf } from "@quintet/http";
import type { Upstream } from "./upstream.ts";

/** Any Hono app, as far as mounting it goes. */
export interface MountableApp {
  fetch: (request: Request, env: object) => Response | Promise<Response>;
}

/** An app in this process: it gets Node's own request and response, so that mounting it costs one comparison of the path. */
export function mountedUpstream(name: string, prefix: string, app: MountableApp): Upstream {
  const handle: RequestListener = listenerOf(app);
  return {
    name,
    prefix,
    handle,
    get: async (path) => app.fetch(new Request(`http://gateway.internal${path}`), {}),
    close: async () => {},
  };
}
