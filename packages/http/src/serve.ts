import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { answerClientErrors } from "./client-errors.ts";
import { ConfigError } from "./config.ts";
import type { Logger } from "./logger.ts";

export interface ServeOptions {
  port: number;
  host: string;
  log: Logger;
  /** How long requests that are under way may go on after a stop was asked for. */
  drainSeconds: number;
}

export interface Listening {
  server: Server;
  port: number;
  /** Stops accepting, lets requests that are under way finish within `drainSeconds`, then cuts the rest. */
  close(): Promise<void>;
  /** Resolves once SIGINT or SIGTERM came and the server is drained. */
  untilStopped(): Promise<void>;
}

/** The Node request listener of a Hono app. */
export function listenerOf(app: { fetch: (request: Request, env: object) => Response | Promise<Response> }) {
  return getRequestListener((request, env) => app.fetch(request, env)) as RequestListener;
}

/**
 * Listens with time limits that a slow client cannot stretch: 15 s for the head, none for a body that keeps coming.
 * Rejects with `ConfigError` when the port is taken.
 */
export async function serve(listener: RequestListener, options: ServeOptions): Promise<Listening> {
  const { log, drainSeconds } = options;
  const server = createServer({ headersTimeout: 15_000, requestTimeout: 0, keepAliveTimeout: 65_000 }, listener);
  answerClientErrors(server);
  let draining = false;
  server.prependListener("request", (_request, response) => {
    if (draining) response.setHeader("Connection", "close");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      reject(taken ? new ConfigError(`Port ${options.port} is taken; choose another with PORT.`) : error);
    });
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  log.info(`listening on ${options.host}:${port}`);

  let closed: Promise<void> | undefined;
  const close = () => {
    draining = true;
    closed ??= new Promise<void>((resolve) => {
      const cut = setTimeout(() => server.closeAllConnections(), drainSeconds * 1000);
      // A keep-alive connection becomes idle when its last answer is sent; nobody else would close it then.
      const sweep = setInterval(() => server.closeIdleConnections(), 20);
      server.close(() => {
        clearTimeout(cut);
        clearInterval(sweep);
        resolve();
      });
      server.closeIdleConnections();
    });
    return closed;
  };
  return { server, port, close, untilStopped: () => stopSignal().then(close) };
}

/** Resolves at the first SIGINT or SIGTERM. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

/** Runs a process's main function: a setting that is wrong ends it with one line and status 1. */
export async function main(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
