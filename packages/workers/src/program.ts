import type { ListenAddress } from "./sockets/listen-address.ts";
import type { TicketKeys } from "./sockets/ticket-keys.ts";

/**
 * Provides the listening sockets that several processes share; the result goes into `server.listen`. Rejects with the system's error
 * code, such as `EADDRINUSE`.
 */
export type SocketSource = (at: ListenAddress) => Promise<object>;

/** What one worker reports to the others, as JSON. */
export interface WorkerReport {
  /** Monotonic counters by name. Those of a worker that has ended are still included in the sums. */
  counters: Record<string, number>;
  /** Current values; gone when the worker ends. */
  state: unknown;
}

/** All workers of a program, including this one. */
export interface Peers {
  /**
   * Resolves to the report of each worker that serves or drains; of a worker that does not respond within five seconds, its last one. The
   * counters of ended workers come as one more report whose state is null.
   */
  collect(): Promise<WorkerReport[]>;
  /** Sets how this worker's own report is made. */
  provide(report: () => Promise<WorkerReport>): void;
}

/** What a program is started with. */
export interface ProcessContext {
  /** The settings. */
  env: NodeJS.ProcessEnv;
  /** Whether this process migrates the stores, creates the first account and loads demo data; true in exactly one of several workers. */
  first: boolean;
  /** Whether these settings are used for the first time: at a start and at a reload, not when a worker is restarted. */
  fresh?: boolean | undefined;
  /** The listening sockets shared by the workers; a single process opens its own. */
  socket?: SocketSource;
  /** The workers of this program, when it runs as several processes. */
  peers?: Peers;
  /** The keys of TLS session tickets, shared by the workers. */
  ticketKeys?: TicketKeys;
}

/** A running server program. */
export interface Program {
  url: string;
  log: { fatal(fields: object, message: string): void };
  /** Stops accepting connections, lets requests in flight finish, then closes everything. */
  close(): Promise<void>;
}

/** Starts a program; rejects with `ConfigError` when its settings are wrong. */
export type Start = (context: ProcessContext) => Promise<Program>;

/** How long a program may take to drain and close, in ms: `DRAIN_SECONDS` and ten seconds. */
export function stopTimeoutMs(env: NodeJS.ProcessEnv): number {
  return (Number(env.DRAIN_SECONDS || 10) + 10) * 1000;
}

/**
 * Starts a program in this process and serves until `stop`, or until an uncaught error: the process may then be in any state, so it
 * drains and ends. Resolves to the exit code.
 */
export async function serveInProcess(
  start: Start,
  context: ProcessContext,
  on: { stop: Promise<void>; ready(url: string): void; fault(): void },
): Promise<number> {
  const fault = Promise.withResolvers<number>();
  let serving: Program | undefined;
  process.on("uncaughtException", (error, origin) => {
    if (!serving) {
      fault.reject(error);
      return;
    }
    serving.log.fatal({ err: error, event: { action: origin } }, "Uncaught error; the process drains and exits");
    setTimeout(() => process.exit(1), stopTimeoutMs(context.env)).unref();
    on.fault();
    fault.resolve(1);
  });
  const stopped = on.stop.then(() => 0);
  const started = await Promise.race([start(context), stopped, fault.promise]);
  if (typeof started === "number") return started;
  serving = started;
  on.ready(started.url);
  const status = await Promise.race([stopped, fault.promise]);
  await started.close();
  return status;
}
