import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Peers, SocketSource } from "@quintet/workers";
import type { Logger } from "../observability/logger.ts";
import { textOf, workerReport } from "../observability/metrics/metrics-of-workers.ts";
import { measureProcess, registry } from "../observability/metrics/registry.ts";
import { listen } from "./listen.ts";

/** The media type of `metricsText`. */
export const metricsType = registry.contentType;

/** All metrics in Prometheus' text format 0.0.4: those of this process, or of all workers together when it is one of several. */
export async function metricsText(peers?: Peers): Promise<string> {
  return peers ? textOf(await peers.collect()) : registry.metrics();
}

export interface MetricsSettings {
  METRICS_PORT?: number | undefined;
  METRICS_HOST: string;
}

/**
 * Serves `GET /metrics` on a port of its own, without authentication; does nothing when `METRICS_PORT` is not set.
 * Rejects with `ConfigError` when it cannot listen there.
 */
export async function serveMetrics(
  settings: MetricsSettings,
  log: Logger,
  { socket, peers }: { socket?: SocketSource | undefined; peers?: Peers | undefined } = {},
): Promise<{ port: number | undefined } & AsyncDisposable> {
  measureProcess();
  peers?.provide(workerReport);
  const { METRICS_PORT: wanted, METRICS_HOST: host } = settings;
  if (wanted === undefined) return { port: undefined, async [Symbol.asyncDispose]() {} };
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url?.split("?", 1)[0] !== "/metrics") {
      response.writeHead(404, { "Content-Type": "text/plain" }).end("Metrics are at GET /metrics.\n");
      return;
    }
    metricsText(peers).then(
      (body) => response.writeHead(200, { "Content-Type": metricsType }).end(body),
      (error: unknown) => {
        log.error({ err: error }, "metrics could not be collected");
        response.writeHead(500).end();
      },
    );
  });
  await listen(server, { host, port: wanted, socket, setting: "METRICS_PORT" });
  const { port } = server.address() as AddressInfo;
  log.info(`metrics on ${host}:${port}`);
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
