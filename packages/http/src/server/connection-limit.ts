import type { Server } from "node:net";
import { connectionLimit, openFileLimit } from "@quintet/workers";
import type { Logger } from "../observability/logger.ts";

/** The min time between two log lines about refused connections, in ms. */
const everyMs = 60_000;

/**
 * Closes new connections when this process is short of file descriptors, and logs it. Without this limit the system would refuse to open
 * any file, and connections would be lost silently.
 */
export function limitConnections(server: Server, log: Logger, files = openFileLimit()): void {
  let loggedAt = Number.NEGATIVE_INFINITY;
  const report = (fields: object, message: string) => {
    const now = performance.now();
    if (now - loggedAt < everyMs) return;
    loggedAt = now;
    log.error(fields, message);
  };
  // Connections that could not be accepted; they wait in the system's queue. Before it listens an error is that of listening.
  server.once("listening", () => server.on("error", (err) => report({ err }, "connections cannot be accepted")));
  if (files === undefined) return;
  server.maxConnections = connectionLimit(files);
  server.on("drop", () =>
    report(
      { event: { action: "connection-limit" } },
      `connections are refused: ${server.maxConnections} are open, and this process is limited to ${files} open files (ulimit -n)`,
    ),
  );
}
