/** The data of the watcher thread. */
export interface LoopWatchData {
  /** One counter that the watched loop increments while it is running. */
  beats: Int32Array;
  blockMs: number;
  /** Where the line is written that is logged while the loop is blocked. Default: standard output. */
  logFile: string | undefined;
  service: string;
}

/** The message of the watcher thread when the loop runs again. */
export interface LoopWatchMessage {
  /** Node's `--watch` sends messages of its own from every thread. */
  kind: "block";
  ms: number;
  /** The request that the loop was working on. */
  by: { app: string; route: string; id: string } | undefined;
}

/** The global symbol of the function that returns the current request; the watcher thread calls it in the watched one. */
export const currentRequestName = "quintet.currentRequest";
