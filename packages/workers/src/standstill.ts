import { readFileSync } from "node:fs";

/** What the system says of a process's main thread. */
export interface ThreadState {
  /** How long it has waited for a processor so far, in ms. */
  waitedMs: number;
  /** Whether it waits for a disk. */
  isAtDisk: boolean;
  /** Whether a debugger has hold of it. */
  isTraced: boolean;
}

/** Longer than this between two looks, in ms, and whoever looks stood still as well: the machine was suspended, or is short of everything. */
const lateMs = 2500;

/**
 * For how long a process has answered nobody, apart from the time in which it could not have answered: while the machine was suspended,
 * and while the process waited for a processor or a disk that others had.
 */
export class Standstill {
  #ms = 0;
  #unansweredMs = 0;
  #waitedMs: number | undefined;

  /** It has answered. */
  answered(): void {
    this.#ms = 0;
    this.#unansweredMs = 0;
    this.#waitedMs = undefined;
  }

  /** Counts the `elapsedMs` since it was looked at last; `state` is undefined where the system does not say. */
  look(elapsedMs: number, state: ThreadState | undefined): void {
    const before = this.#waitedMs;
    this.#waitedMs = state?.waitedMs;
    if (elapsedMs > lateMs || state?.isTraced) return;
    this.#unansweredMs += elapsedMs;
    const waited = state && before !== undefined ? state.waitedMs - before : 0;
    if (!state?.isAtDisk) this.#ms += Math.max(0, elapsedMs - waited);
  }

  /** Whether it has stood still for `limitMs`, or has answered nobody for six times as long, whatever it waited for. */
  isOver(limitMs: number): boolean {
    return this.#ms >= limitMs || this.#unansweredMs >= 6 * limitMs;
  }
}

/** The state of a process's main thread; undefined where there is no /proc. */
export function threadState(pid: number): ThreadState | undefined {
  try {
    // The second number is how long it waited, in ns (Documentation/scheduler/sched-stats.rst of Linux).
    const waitedMs = Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[1]) / 1e6;
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return { waitedMs, isAtDisk: /^State:\s*D/m.test(status), isTraced: !/^TracerPid:\s*0$/m.test(status) };
  } catch {
    return undefined;
  }
}
