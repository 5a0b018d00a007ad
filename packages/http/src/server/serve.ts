import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { SocketSource, TicketKeys } from "@quintet/workers";
import type { ProblemPage } from "../errors/problem-pages.ts";
import type { Logger } from "../observability/logger.ts";
import { watchLoop } from "../observability/watch-loop.ts";
import type { AppLink, ServiceEnv } from "../service-env.ts";
import { shouldUpgrade } from "./handshake.ts";
import { listen } from "./listen.ts";
import { connectPipeline } from "./pipeline.ts";
import type { SlowLimits } from "./slow-body.ts";
import type { TlsFiles } from "./tls/certificate.ts";
import { createTlsServer } from "./tls/tls-server.ts";

export interface ServeOptions {
  port: number;
  host: string;
  /** The setting that holds the port. Default: PORT. */
  setting?: string;
  log: Logger;
  /** How long requests in flight may continue after `close()`, in seconds. */
  drainSeconds: number;
  /** The max time for the headers of a request, in ms. Default: 15,000. */
  headMs?: number;
  slow?: SlowLimits;
  /** The origins whose pages may read problems of requests that do not reach the app. Default: none. */
  corsOrigins?: readonly string[] | undefined;
  /** Whether this is a gateway: its traces continue in the apps, and its listener may accept WebSocket handshakes, by `handshakeOf`. */
  edge?: boolean;
  /** Serves TLS with this certificate, HTTP/2 and HTTP/1.1. Default: plain HTTP/1.1. */
  tls?: TlsFiles | undefined;
  /** Renders problems of requests that do not reach the app as pages for browsers. */
  problemPage?: ProblemPage | undefined;
  /** The keys of TLS session tickets, when several processes share them. */
  ticketKeys?: TicketKeys | undefined;
  /** The listening socket, when several processes share it. Default: its own. */
  socket?: SocketSource | undefined;
}

/** How long idle connections stay open after `close()`, so that the peer sees `Connection: close` on its next response. */
const graceMs = 500;

export interface Listening {
  server: Server;
  port: number;
  /** Stops accepting, lets requests in flight finish within `drainSeconds`, then closes the rest. */
  close(): Promise<void>;
}

/** A web application as far as serving it goes; every Hono app is one. */
export interface WebApp {
  fetch: (request: Request, env: object) => Response | Promise<Response>;
}

/**
 * The Node request listener of a Hono app, for requests that `serve` has checked. HTTP/1.0 has no need of a Host header. `apps` are
 * those that the navigation of its pages shows.
 */
export function listenerOf(app: WebApp, apps?: readonly AppLink[]): RequestListener {
  const answer = (request: Request, env: object) => {
    if (apps !== undefined) (env as ServiceEnv["Bindings"]).apps = apps;
    return app.fetch(request, env);
  };
  const overHttp1 = getRequestListener(answer, { hostname: "localhost" }) as RequestListener;
  // When a body is not read, the library would truncate an HTTP/2 response; Http2Response ends such streams instead.
  const overHttp2 = getRequestListener(answer, {
    hostname: "localhost",
    autoCleanupIncoming: false,
  }) as RequestListener;
  return (request, response) => (request.httpVersionMajor === 2 ? overHttp2 : overHttp1)(request, response);
}

/**
 * Listens, with every request passing `connectPipeline` on its way to `app`. The time limits: 15 s for the headers, none for a body or a
 * response that makes progress.
 * Rejects with `ConfigError` when it cannot listen there.
 */
export async function serve(app: RequestListener, options: ServeOptions): Promise<Listening> {
  const { log, drainSeconds } = options;
  const { edge = false, corsOrigins = [], slow = { bodyMs: 30_000, readMs: 60_000 }, headMs = 15_000 } = options;
  const http1 = {
    headersTimeout: headMs,
    requestTimeout: 0,
    requireHostHeader: false, // Node's own response is not a problem document; that of `rejectAmbiguous` is.
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: Math.min(2000, headMs),
    shouldUpgradeCallback: (request: IncomingMessage) => shouldUpgrade(request, edge),
  };
  const tls = options.tls && createTlsServer({ files: options.tls, http1, log, ticketKeys: options.ticketKeys });
  const server = tls?.server ?? createServer(http1);
  let draining = false;
  const isDraining = () => draining;
  const { stopSweeping, cutUpgraded } = connectPipeline(server, app, {
    log,
    corsOrigins,
    problemPage: options.problemPage,
    edge,
    slow,
    tls,
    isDraining,
  });
  const { host, socket, setting = "PORT" } = options;
  await listen(server, { setting, host, port: options.port, socket });
  const { port } = server.address() as AddressInfo;
  log.info(`listening on ${host}:${port}`);

  const stopWatching = watchLoop(log);

  let closed: Promise<void> | undefined;
  const close = () => {
    draining = true;
    tls?.sendGoaway();
    closed ??= new Promise<void>((resolve) => {
      const cut = setTimeout(() => {
        server.closeAllConnections();
        cutUpgraded();
      }, drainSeconds * 1000);
      // A request may be on its way on a connection that looks idle: the peer sees `Connection: close` on responses first, and only
      // what is still idle after that is closed.
      const from = performance.now() + Math.min(graceMs, drainSeconds * 500);
      const sweep = setInterval(() => {
        if (performance.now() < from) return;
        server.closeIdleConnections();
        tls?.closeIdle();
      }, 20);
      // Not server.close(), which closes idle connections immediately.
      NetServer.prototype.close.call(server, () => {
        clearTimeout(cut);
        clearInterval(sweep);
        stopSweeping();
        stopWatching();
        tls?.stopWatching();
        // Ends the server's own timers as well.
        server.close(() => {});
        resolve();
      });
    });
    return closed;
  };
  return { server, port, close };
}
