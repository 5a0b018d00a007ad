import type { RequestListener } from "node:http";
import { type AppLink, listenerOf, type TrustedProxies, type WebApp } from "@quintet/http";
import { stripClientHeaders } from "./forwarding/client-headers.ts";
import type { Upstream } from "./routing/upstream.ts";

/**
 * An app in this process: it gets Node's own request and response, so that mounting it costs one comparison of the path and one
 * look at the names of the headers. Of what clients say of themselves only the word of `trusted` proxies is left.
 * Its pages lead to `apps`.
 */
export function mountedUpstream(
  name: string,
  prefix: string,
  app: WebApp,
  trusted?: TrustedProxies | undefined,
  apps?: readonly AppLink[],
): Upstream {
  const listener: RequestListener = listenerOf(app, apps);
  return {
    name,
    prefix,
    handle(request, response) {
      stripClientHeaders(request, trusted);
      listener(request, response as Parameters<RequestListener>[1]);
    },
    get: async (path) => app.fetch(new Request(`http://gateway.internal${path}`), {}),
    close: async () => {},
  };
}
