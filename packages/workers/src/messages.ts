import type { WorkerReport } from "./program.ts";
import type { ListenAddress } from "./sockets/listen-address.ts";

/** What the parent sends to a worker. `socket` comes with the listening socket itself, or with the error code. */
export type ToWorker =
  | { kind: "start"; env: Record<string, string>; first: boolean; fresh: boolean; ticketKeys: string }
  | { kind: "ticketKeys"; ticketKeys: string }
  | { kind: "socket"; id: number; code?: string }
  | { kind: "ping" }
  /** Requests the worker's report. */
  | { kind: "report"; id: number }
  /** The reports that the worker asked for with `collect`. */
  | { kind: "reports"; id: number; reports: WorkerReport[] };

/** What a worker sends to its parent. */
export type FromWorker =
  | { kind: "socket"; id: number; at: ListenAddress }
  | { kind: "ready"; url: string }
  /** The start failed; `message` is shown as it is when the settings are at fault. */
  | { kind: "failed"; message: string; isSetting: boolean }
  /** An uncaught error: the worker stops accepting connections and ends when it has drained. */
  | { kind: "fault" }
  /** `debugged`: a debugger may have paused it, so that missing pongs mean nothing. */
  | { kind: "pong"; debugged: boolean }
  /** The log cannot be written. */
  | { kind: "logFault"; line: string }
  /** Requests the reports of all workers. */
  | { kind: "collect"; id: number }
  /** A report; without an id it is the last one before the worker exits. */
  | { kind: "report"; id?: number; report: WorkerReport | undefined };

/** The environment variable that marks a process as a worker. */
export const workerVariable = "QUINTET_WORKER";
