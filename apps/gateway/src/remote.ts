import type { Logger, TrustedProxies } from "@quintet/http";
import { Exchange } from "./remote/exchange.ts";
import { RemoteApp } from "./remote/remote-app.ts";
import { Targets } from "./remote/targets.ts";
import { watchUpstream } from "./remote/upstream-metrics.ts";
import { gatewayName } from "./remote/via.ts";
import type { Upstream } from "./upstream.ts";

export interface RemoteOptions {
  log: Logger;
  /** Whose `X-Forwarded-*` is believed; nobody's unless told. */
  trusted?: TrustedProxies | undefined;
  /** The gateway's name in `Via`, by which it knows its own requests; that of this process unless told. */
  via?: string;
  /** How long an upstream may take until the head of its answer, in ms; long polls and loads count. */
  answerMs?: number;
  /** How long it may be silent in the middle of an answer, in ms. */
  idleMs?: number;
  connectMs?: number;
  /** Connections to one target at once, those of requests that wait not counted; 1,024 by default. */
  mostConnections?: number;
  /** Aborts when the gateway is to stop: long polls are then refused, so that nobody who waits holds up the end. */
  stopping?: AbortSignal;
  /** How long requests wait for an app that cannot be reached, counted from when it went away, in ms. */
  holdMs?: number;
}

/**
 * An app behind HTTP. Bytes go straight between Node's sockets, with backpressure both ways; the upstream request is
 * aborted when the client goes. One request per connection at a time: with pipelining, an aborted request would
 * take its neighbours along.
 */
export function remoteUpstream(name: string, prefix: string, origins: string[], options: RemoteOptions): Upstream {
  const { log, trusted } = options;
  const limits = {
    connectMs: options.connectMs ?? 2000,
    answerMs: options.answerMs ?? 300_000,
    idleMs: options.idleMs ?? 300_000,
    mostConnections: options.mostConnections ?? 1024,
  };
  const targets = new Targets(origins, `${prefix}/health`, limits);
  const via = options.via ?? gatewayName(false);
  const app = new RemoteApp({ name, log, targets, trusted, via, holdMs: options.holdMs ?? 3000 });
  const letGo = () => app.letGo();
  options.stopping?.addEventListener("abort", letGo, { once: true });
  const stopping = new AbortController();
  const unwatch = watchUpstream(app);
  return {
    name,
    prefix,
    handle: (request, response) => new Exchange(app, request, response).start(),
    targets: () =>
      targets.all.map(({ connections, ejected, well, underWay }) => ({
        origin: connections.origin.origin,
        state: ejected ? "left out" : well ? "well" : "unwell",
        underWay,
      })),
    async get(path) {
      const target = targets.choose(undefined) ?? targets.all[0];
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(2000)]);
      return fetch(new URL(path, target?.connections.origin), { signal, redirect: "manual" });
    },
    async close() {
      stopping.abort();
      options.stopping?.removeEventListener("abort", letGo);
      unwatch();
      targets.close();
    },
  };
}
