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
  /** Tells HTTP/2 clients to open no new streams. */
  sendGoaway(): void;
  /** Ends HTTP/2 connections as soon as what is under way on them is answered. */
  closeIdle(): void;
  stopWatching(): void;
}

export interface TlsOptions {
  files: TlsFiles;
  http1: ServerOptions & { shouldUpgradeCallback(request: IncomingMessage): boolean };
  log: Logger;
  /** Of session tickets, where several processes share them; Node's own unless given. */
  ticketKeys?: TicketKeys | undefined;
}

/**
 * What one HTTP/2 connection may do. A client that resets streams as fast as it opens them (CVE-2023-44487), or sends frames that
 * are none, is hung up on after some hundred; many settings, pings or headers are refused by Node itself.
 */
const limits = {
  // Node resets a stream whose head is larger, without an answer; one of more than 16 KiB gets an answer.
  settings: { maxConcurrentStreams: 128, maxHeaderListSize: 64 * 1024, enablePush: false },
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  streamResetBurst: 200,
  streamResetRate: 33,
};

const largestHead = 16 * 1024;

/** Refuses heads as large as Node's parser of HTTP/1.1 refuses them. */
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

/** Says to a client that sent plain HTTP what this port speaks, in plain HTTP. */
function rejectPlainHttp(socket: TLSSocket, log: Logger): void {
  // The connection below, which Node keeps under this name alone; its TLS is over before it began.
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

/** Throws `ConfigError` when certificate and key are no pair. */
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
  // Node sets one of its own, whatever is in the options.
  Object.assign(secure, { shouldUpgradeCallback: http1.shouldUpgradeCallback });
  secure.removeAllListeners("tlsClientError").on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
    // Who sends garbage, or does not finish the handshake, is no HTTP client that could be answered.
    if (error.code?.startsWith("ERR_SSL_HTTP")) rejectPlainHttp(socket, log);
    else socket.destroy();
  });
  const sessions = new Set<Http2Session>();
  secure.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => {}); // It ends by itself; its streams are told.
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
