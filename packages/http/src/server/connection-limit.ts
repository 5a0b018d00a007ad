import type { Server } from "node:net";
import { connectionLimit, openFileLimit } from "@quintet/workers";
import type { Logger } from "../observability/logger.ts";

/** So often it is logged that connections are refused, in ms. */
const everyMs = 60_000;

/**
 * Closes connections for which this process has no file descriptors, as soon as they come, and logs it. Without a bound of our own the system
 * would refuse to open one more of any kind, and connections would be lost without a word.
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
