import { LogFile } from "@quintet/workers";
import { destination } from "pino";

const batchLength = 64 * 1024;
const flushMs = 250;

/** Every sink of this process, so that the last lines are written when it ends, whatever ends it but SIGKILL. */
const open = new Set<LineSink>();

/**
 * Buffers lines for a file or standard output and writes them in batches of 64 KiB, after a quarter of a second at the latest, and at
 * exit: one write per line would cost as much as the request it is about, and pino's own buffer is measured anew for each line.
 */
export class LineSink {
  readonly #output: LogFile | ReturnType<typeof destination>;
  #lines = "";

  constructor(path: string | undefined) {
    if (open.size === 0) process.on("exit", flushAll);
    open.add(this);
    this.#output = path ? new LogFile(path) : standardOutput();
    setInterval(() => this.#pass(), flushMs).unref();
  }

  /** Takes whole lines, each with its line feed. */
  write(lines: string): void {
    this.#lines += lines;
    if (this.#lines.length >= batchLength) this.#pass();
  }

  /** Writes everything buffered so far before it returns. */
  flushSync(): void {
    this.#pass();
    if (!(this.#output instanceof LogFile)) this.#output.flushSync();
  }

  #pass(): void {
    if (this.#lines === "") return;
    const lines = this.#lines;
    this.#lines = "";
    this.#output.write(lines);
  }
}

function standardOutput(): ReturnType<typeof destination> {
  // Written in place, as Node does on standard output: what is with another thread at the end could not be waited for. What cannot be
  // written is kept for the next time, up to a limit.
  const output = destination({ dest: 1, sync: true, minLength: 0, maxLength: 1_000_000 });
  // The reader of the pipe has exited, or the disk is full: no reason to stop serving.
  output.on("error", () => {});
  return output;
}

function flushAll(): void {
  for (const sink of open) {
    try {
      sink.flushSync();
    } catch {
      // It is closed.
    }
  }
}
