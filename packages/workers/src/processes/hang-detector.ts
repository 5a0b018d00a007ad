import { readFileSync } from "node:fs";

/** The state of a process's main thread, from /proc. */
export interface ThreadState {
  /** Total time waiting for a processor, in ms. */
  waitedMs: number;
  /** Whether it is in uninterruptible sleep, waiting for a disk. */
  isWaitingForDisk: boolean;
  /** Whether a debugger is attached. */
  isTraced: boolean;
}

/** A longer gap between two observations, in ms, means that the observer was stopped too: the machine was suspended, or is overloaded. */
const lateMs = 2500;

/**
 * Measures how long a process has not responded. Time in which it could not respond is not counted: while the machine was suspended, and
 * while the process waited for a processor or a disk.
 */
export class HangDetector {
  #hungMs = 0;
  #silentMs = 0;
  #waitedMs: number | undefined;

  /** The process has responded. */
  responded(): void {
    this.#hungMs = 0;
    this.#silentMs = 0;
    this.#waitedMs = undefined;
  }

  /** Adds the `elapsedMs` since the last observation; `state` is undefined where there is no /proc. */
  observe(elapsedMs: number, state: ThreadState | undefined): void {
    const before = this.#waitedMs;
    this.#waitedMs = state?.waitedMs;
    if (elapsedMs > lateMs || state?.isTraced) return;
    this.#silentMs += elapsedMs;
    const waited = state && before !== undefined ? state.waitedMs - before : 0;
    if (!state?.isWaitingForDisk) this.#hungMs += Math.max(0, elapsedMs - waited);
  }

  /** Whether it has hung for `limitMs`, or been silent for six times as long for any reason. */
  exceeds(limitMs: number): boolean {
    return this.#hungMs >= limitMs || this.#silentMs >= 6 * limitMs;
  }
}

/** The state of a process's main thread; undefined where there is no /proc. */
export function threadState(pid: number): ThreadState | undefined {
  try {
    // The second number is the time spent waiting, in ns (Documentation/scheduler/sched-stats.rst of Linux).
    const waitedMs = Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[1]) / 1e6;
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return { waitedMs, isWaitingForDisk: /^State:\s*D/m.test(status), isTraced: !/^TracerPid:\s*0$/m.test(status) };
  } catch {
    return undefined;
  }
}
