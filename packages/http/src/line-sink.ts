import { mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { destination } from "pino";

const batchLength = 16 * 1024;
const flushMs = 250;

/** Every sink of this process, so that the last lines are written when it ends, whatever ends it but SIGKILL. */
const open = new Set<LineSink>();

/**
 * Lines on their way to a file or to standard output. They are collected here and handed on by 16 KiB, at the latest after a
 * quarter of a second and at the end of the process: one write per line would cost as much as the request that it
 * tells of, and what pino's own destination collects is measured anew at each line.
 */
export class LineSink {
  readonly #file: ReturnType<typeof destination>;
  #lines = "";

  constructor(path: string | undefined) {
    if (open.size === 0) process.on("exit", flushAll);
    open.add(this);
    // Written in place, as Node does on standard output: what is with another thread at the end could not be waited for.
    this.#file = destination({ dest: path ? openedFile(path) : 1, sync: true, minLength: 0 });
    // Whoever read the lines has gone, or the disk is full: no reason to stop serving.
    this.#file.on("error", () => {});
    setInterval(() => this.#pass(), flushMs).unref();
  }

  /** Takes whole lines, each with its line feed. */
  write(lines: string): void {
    this.#lines += lines;
    if (this.#lines.length >= batchLength) this.#pass();
  }

  /** Writes all that came so far before it returns. */
  flushSync(): void {
    this.#pass();
    this.#file.flushSync();
  }

  #pass(): void {
    if (this.#lines === "") return;
    const lines = this.#lines;
    this.#lines = "";
    this.#file.write(lines);
  }
}

/** The file is opened at once, so that nothing is lost when the process ends in its first moments. */
function openedFile(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, "a", 0o600);
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
