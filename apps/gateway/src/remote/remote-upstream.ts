import type { Logger, TrustedProxies } from "@quintet/http";
import { gatewayName } from "../forwarding/via.ts";
import type { Upstream } from "../routing/upstream.ts";
import { ProxiedRequest } from "./proxied-request.ts";
import { RemoteApp } from "./remote-app.ts";
import { Targets } from "./targets/targets.ts";
import { watchUpstream } from "./upstream-metrics.ts";

export interface RemoteOptions {
  log: Logger;
  /** Proxies whose `X-Forwarded-*` headers are trusted; default: none. */
  trusted?: TrustedProxies | undefined;
  /** The gateway's name in `Via`, by which it recognises its own requests; default: one of this process. */
  via?: string;
  /** Max time until the head of a response, in ms, including long polls and loads; default: 5 minutes. */
  responseMs?: number;
  /** Max silence within a response, in ms; default: 5 minutes. */
  idleMs?: number;
  /** Max time to connect, in ms; default: 2 s. */
  connectMs?: number;
  /** Max connections to one target, not counting those of waiting requests; default: 1,024. */
  maxConnections?: number;
  /** Aborts when the gateway is about to stop: long polls are then refused, so that they do not delay the stop. */
  stopping?: AbortSignal;
  /** How long requests wait for an app that became unavailable, counted from then, in ms; default: 3 s. */
  holdMs?: number;
}

/**
 * An app behind HTTP. Bytes go directly between Node's sockets, with backpressure in both directions; the upstream request is aborted when
 * the client disconnects. One request per connection at a time: with pipelining, an aborted request would abort others.
 */
export function remoteUpstream(name: string, prefix: string, origins: string[], options: RemoteOptions): Upstream {
  const { log, trusted } = options;
  const limits = {
    connectMs: options.connectMs ?? 2000,
    responseMs: options.responseMs ?? 300_000,
    idleMs: options.idleMs ?? 300_000,
    maxConnections: options.maxConnections ?? 1024,
  };
  const targets = new Targets(origins, `${prefix}/health`, limits);
  const via = options.via ?? gatewayName(false);
  const app = new RemoteApp({ name, log, targets, trusted, via, holdMs: options.holdMs ?? 3000 });
  const endPolls = () => app.endPolls();
  options.stopping?.addEventListener("abort", endPolls, { once: true });
  const stopping = new AbortController();
  const unwatch = watchUpstream(app);
  return {
    name,
    prefix,
    handle: (request, response) => new ProxiedRequest(app, request, response).start(),
    targets: () =>
      targets.all.map(({ pool, ejected, healthy, inFlight }) => ({
        origin: pool.origin.origin,
        state: ejected ? "ejected" : healthy ? "healthy" : "unhealthy",
        inFlight,
      })),
    async get(path) {
      const target = targets.choose(undefined) ?? targets.all[0];
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(2000)]);
      return fetch(new URL(path, target?.pool.origin), { signal, redirect: "manual" });
    },
    async close() {
      stopping.abort();
      options.stopping?.removeEventListener("abort", endPolls);
      unwatch();
      targets.close();
    },
  };
}
