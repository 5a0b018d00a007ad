/** What the watching thread is given. */
export interface LoopWatchData {
  /** One number that the watched loop adds to as long as it turns. */
  beats: Int32Array;
  blockMs: number;
  /** Where the line goes that is written while the loop stands still; standard output unless set. */
  logFile: string | undefined;
  service: string;
}

/** What it tells when the loop goes on. */
export interface LoopWatchMessage {
  /** Node's `--watch` sends messages of its own from every thread. */
  kind: "block";
  ms: number;
  /** The request that was being worked on. */
  by: { app: string; route: string; id: string } | undefined;
}

/** The name under which the watching thread asks the watched one, from within, whose request it is working on. */
export const currentRequestName = "quintet.currentRequest";
