import { type IncomingMessage, type RequestListener, Server, type ServerOptions } from "node:http";
import { constants, createSecureServer, type Http2Session } from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { TicketKeys } from "@quintet/workers";
import { Problem } from "../../errors/problem.ts";
import { sendProblem } from "../../errors/raw-problem.ts";
import type { Logger } from "../../observability/logger.ts";
import { pathOf } from "../../observability/path-of.ts";
import { recordOf } from "../../observability/request-record.ts";
import { endWithProblem } from "../client-errors.ts";
import { Http2Request, Http2Response } from "../http2-messages.ts";
import { logCertificate, readKeyPair, type TlsFiles, watchKeyPair } from "./certificate.ts";

/** A server for TLS that speaks HTTP/2, and HTTP/1.1 with those that do not. */
export interface TlsServer {
  server: Server;
  /** The HTTP/2 connections that are open. */
  sessions: ReadonlySet<Http2Session>;
  /** Asks HTTP/2 clients to open no new streams. */
  sendGoaway(): void;
  /** Closes HTTP/2 connections as soon as their streams have ended. */
  closeIdle(): void;
  stopWatching(): void;
}

export interface TlsOptions {
  files: TlsFiles;
  http1: ServerOptions & { shouldUpgradeCallback(request: IncomingMessage): boolean };
  log: Logger;
  /** The keys of session tickets, when several processes share them. Default: Node's own. */
  ticketKeys?: TicketKeys | undefined;
}

/**
 * The limits of one HTTP/2 connection. It is closed when its client resets streams as fast as it opens them (CVE-2023-44487) or sends
 * hundreds of invalid frames. Node itself limits SETTINGS, PING and header frames.
 */
const limits = {
  // Node resets a stream whose headers are larger, without a response; above 16 KiB there is one.
  settings: { maxConcurrentStreams: 128, maxHeaderListSize: 64 * 1024, enablePush: false },
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  streamResetBurst: 200,
  streamResetRate: 33,
};

const largestHead = 16 * 1024;

/** Rejects headers over 16 KiB (431), the limit of Node's HTTP/1.1 parser. */
export function withHeadLimit(listener: RequestListener): RequestListener {
  return (request, response) => {
    if ((request as unknown) instanceof Http2Request && (request as unknown as Http2Request).headBytes > largestHead) {
      const problem = new Problem("head-too-large", "The request headers are larger than 16 KiB.");
      sendProblem(response, problem, pathOf(request.url), recordOf(request).id);
    } else {
      listener(request, response);
    }
  };
}

/** Responds in plain HTTP to a client that sent plain HTTP. */
function rejectPlainHttp(socket: TLSSocket, log: Logger): void {
  // The underlying connection, which Node exposes under this name alone.
  const { _parent: plain } = socket as unknown as { _parent?: Socket };
  if (plain === undefined) {
    socket.destroy();
    return;
  }
  plain.once("close", () => socket.destroy()).on("error", () => plain.destroy());
  endWithProblem(
    plain,
    new Problem("bad-request", "This port requires TLS, and the request is plain HTTP: use https://."),
    log,
  );
}

/** Throws `ConfigError` when the key does not match the certificate. */
export function createTlsServer(options: TlsOptions): TlsServer {
  const { files, http1, log, ticketKeys } = options;
  const pair = readKeyPair(files);
  const both = {
    ...http1,
    ...limits,
    ...pair,
    ...(ticketKeys ? { ticketKeys: ticketKeys.current() } : {}),
    allowHTTP1: true,
    minVersion: "TLSv1.2" as const,
    handshakeTimeout: http1.headersTimeout ?? 15_000,
    Http2ServerRequest: Http2Request,
    Http2ServerResponse: Http2Response as never,
  };
  const secure = createSecureServer(both);
  // Node ignores the option and sets its own.
  Object.assign(secure, { shouldUpgradeCallback: http1.shouldUpgradeCallback });
  secure.removeAllListeners("tlsClientError").on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
    // A client that sends garbage, or does not finish the handshake, cannot be sent a response.
    if (error.code?.startsWith("ERR_SSL_HTTP")) rejectPlainHttp(socket, log);
    else socket.destroy();
  });
  const sessions = new Set<Http2Session>();
  secure.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => {}); // It closes by itself, and its streams get the error.
  });
  const server = Object.assign(secure, {
    closeAllConnections() {
      for (const session of sessions) session.destroy();
      Server.prototype.closeAllConnections.call(server);
    },
  }) as unknown as Server;
  const unwatch = watchKeyPair(files, log, (renewed) => {
    secure.setSecureContext(renewed);
    if (ticketKeys) secure.setTicketKeys(ticketKeys.current());
  });
  ticketKeys?.onChange((keys) => secure.setTicketKeys(keys));
  logCertificate(pair, log, "TLS certificate");
  return {
    server,
    sessions,
    sendGoaway() {
      for (const session of sessions) {
        if (!session.destroyed) session.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1);
      }
    },
    closeIdle() {
      for (const session of sessions) if (!session.closed) session.close();
    },
    stopWatching: unwatch,
  };
}
