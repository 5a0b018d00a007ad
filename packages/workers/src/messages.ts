import type { ListenAddress } from "./listen-address.ts";
import type { Given } from "./program.ts";

/** What the parent sends to a worker. `socket` comes with the listening socket itself, or says why there is none. */
export type ToWorker =
  | { kind: "start"; env: Record<string, string>; first: boolean; fresh: boolean; ticketKeys: string }
  | { kind: "ticketKeys"; ticketKeys: string }
  | { kind: "socket"; id: number; code?: string }
  | { kind: "ping" }
  /** Asks for what it has to tell the workers, itself among them, that asked. */
  | { kind: "give"; id: number }
  | { kind: "answers"; id: number; values: Given[] };

/** What a worker sends to its parent. */
export type FromWorker =
  | { kind: "socket"; id: number; at: ListenAddress }
  | { kind: "ready"; url: string }
  /** It could not start; `message` is what to tell when the settings are at fault. */
  | { kind: "failed"; message: string; isSetting: boolean }
  /** An error came that nobody caught: it takes no more connections and ends when it is drained. */
  | { kind: "fault" }
  /** `debugged`: a debugger may hold it, so that its silence says nothing. */
  | { kind: "pong"; debugged: boolean }
  /** The log cannot be written. */
  | { kind: "logFault"; line: string }
  | { kind: "ask"; id: number }
  /** Without an id these are its last words. */
  | { kind: "given"; id?: number; value: Given | undefined };

/** The variable by which a process knows that it is a worker. */
export const workerMark = "QUINTET_WORKER";
