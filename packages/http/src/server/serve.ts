import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { SocketSource, TicketKeys } from "@quintet/workers";
import { withErrorCors } from "../errors/error-cors.ts";
import type { Logger } from "../observability/logger.ts";
import { withGatewaySpan } from "../observability/request-spans.ts";
import { watchLoop } from "../observability/watch-loop.ts";
import { withAccessLog } from "./access-log.ts";
import { withBodyReclaim } from "./body-reclaim.ts";
import { rejectClientErrors } from "./client-errors.ts";
import { limitConnections } from "./connection-limit.ts";
import { sendContinueOnRead } from "./expectation.ts";
import { isHandshake, serveHandshakes } from "./handshake.ts";
import { listen } from "./listen.ts";
import { rejectAmbiguous } from "./reject-ambiguous.ts";
import type { SlowLimits } from "./slow-body.ts";
import { dropSlowClients } from "./slow-clients.ts";
import type { TlsFiles } from "./tls/certificate.ts";
import { createTlsServer, withHeadLimit } from "./tls/tls-server.ts";
import { resetWhenTruncated } from "./truncated-responses.ts";

export interface ServeOptions {
  port: number;
  host: string;
  /** The setting that names the port; PORT unless given. */
  setting?: string;
  log: Logger;
  /** How long requests that are under way may go on after a stop was asked for. */
  drainSeconds: number;
  /** How long the head of a request may take, in ms; 15 s unless told. */
  headMs?: number;
  slow?: SlowLimits;
  /** The origins whose pages may read problems that are answered before the app hears of a request; none unless told. */
  corsOrigins?: readonly string[] | undefined;
  /** Whether this is a gateway: its traces go on in the apps, and its listener may accept a WebSocket handshake, by `handshakeOf`. */
  edge?: boolean;
  /** Serves TLS with this certificate, HTTP/2 and HTTP/1.1; plain HTTP/1.1 unless given. */
  tls?: TlsFiles | undefined;
  /** The keys of TLS session tickets, where several processes share them. */
  ticketKeys?: TicketKeys | undefined;
  /** Where the listening socket comes from when several processes share it; its own unless given. */
  socket?: SocketSource | undefined;
}

/** How long connections stay open after a stop was asked for, so that the peer hears of it with its next answer. */
const graceMs = 500;

export interface Listening {
  server: Server;
  port: number;
  /** Stops accepting, lets requests that are under way finish within `drainSeconds`, then cuts the rest. */
  close(): Promise<void>;
}

/** A web application as far as serving it goes; every Hono app is one. */
export interface WebApp {
  fetch: (request: Request, env: object) => Response | Promise<Response>;
}

/** The Node request listener of a Hono app, for requests that `serve` has checked. HTTP/1.0 has no need of a Host header. */
export function listenerOf(app: WebApp): RequestListener {
  const answer = (request: Request, env: object) => app.fetch(request, env);
  const overHttp1 = getRequestListener(answer, { hostname: "localhost" }) as RequestListener;
  // With a body that nobody reads the library cuts an HTTP/2 answer off that is not out a moment later; Http2Response ends such streams.
  const overHttp2 = getRequestListener(answer, {
    hostname: "localhost",
    autoCleanupIncoming: false,
  }) as RequestListener;
  return (request, response) => (request.httpVersionMajor === 2 ? overHttp2 : overHttp1)(request, response);
}

/**
 * Listens with time limits that a slow client cannot stretch: 15 s for the head, none for a body or an answer that keeps
 * going. Malformed requests, and those that could be read in two ways, are answered by a problem.
 * Rejects with `ConfigError` when it cannot listen there.
 */
export async function serve(inner: RequestListener, options: ServeOptions): Promise<Listening> {
  const { log, drainSeconds } = options;
  const sound = rejectAmbiguous(withBodyReclaim(inner));
  const outer = options.edge ? withGatewaySpan(sound) : sound;
  const limited = options.tls ? withHeadLimit(outer) : outer;
  const listener = withAccessLog(withErrorCors(options.corsOrigins ?? [], limited), log);
  const headMs = options.headMs ?? 15_000;
  const slow = options.slow ?? { bodyMs: 30_000, readMs: 60_000 };
  /** Requests whose `Upgrade` is ignored. Of what came with such a one Node loses the requests that follow it. */
  const ignored = new WeakSet<IncomingMessage>();
  const http1 = {
    headersTimeout: headMs,
    requestTimeout: 0,
    requireHostHeader: false, // Node's own answer is no problem; the check's is.
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: Math.min(2000, headMs),
    shouldUpgradeCallback(request: IncomingMessage) {
      if (options.edge && isHandshake(request)) return true;
      ignored.add(request);
      return false;
    },
  };
  const tls =
    options.tls && createTlsServer(listener, { files: options.tls, http1, slow, log, ticketKeys: options.ticketKeys });
  const server = tls?.server ?? createServer(http1, listener);
  rejectClientErrors(server, log);
  const stopSweeping = dropSlowClients(server, slow, log);
  // Requests like all others: what is expected in vain is refused with whatever else is wrong with a request.
  for (const event of ["checkContinue", "checkExpectation"] as const) {
    server.on(event, (request, response) => {
      sendContinueOnRead(request, response);
      server.emit("request", request, response);
    });
  }
  const cutUpgraded = serveHandshakes(server);
  let draining = false;
  server.prependListener("request", (request, response) => {
    if (request.httpVersionMajor !== 1) return;
    if (draining || ignored.has(request)) response.shouldKeepAlive = false;
    resetWhenTruncated(request, response);
  });
  const { host, socket, setting = "PORT" } = options;
  await listen(server, { setting, host, port: options.port, socket });
  limitConnections(server, log);
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
      // A request may be on its way on a connection that looks idle: the peer is told first, with the answers
      // that still go out, and only what stays idle after that is closed.
      const from = performance.now() + Math.min(graceMs, drainSeconds * 500);
      const sweep = setInterval(() => {
        if (performance.now() < from) return;
        server.closeIdleConnections();
        tls?.closeIdle();
      }, 20);
      // Not server.close(), which closes idle connections at once.
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
