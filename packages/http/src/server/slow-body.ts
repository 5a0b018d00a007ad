/** Limits for clients that are slow on purpose, in milliseconds. */
export interface SlowLimits {
  /** In this time a body must bring some hundred bytes, or its end. */
  bodyMs: number;
  /** In this time a client must take some of an answer that waits for it. */
  readMs: number;
}

/** Fewer bytes than this in the time that a body has are a trickle. */
const fewestBytes = 500;

/** How long a body has brought next to nothing, though it might have. */
export class BodyClock {
  #bytes = 0;
  #ms = 0;

  /** Begins anew: the client is not to blame, or there is no body. */
  restart(bytes: number): void {
    this.#bytes = bytes;
    this.#ms = 0;
  }

  /** After another `ms` in which the client could have sent; `bytes` have come in all. Whether it took longer than `limitMs`. */
  isLate(bytes: number, ms: number, limitMs: number): boolean {
    if (bytes - this.#bytes >= fewestBytes) this.restart(bytes);
    else this.#ms += ms;
    return this.#ms > limitMs;
  }
}

/**
 * Calls `sweep` ten times in the shorter limit, with the milliseconds since the last time; returns how to stop. Of a process that
 * stood still itself, two rounds count and no more: what came meanwhile has not been read yet.
 */
export function sweeping(limits: SlowLimits, sweep: (ms: number) => void): () => void {
  const interval = Math.max(20, Math.min(limits.bodyMs, limits.readMs) / 10);
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    sweep(Math.min(now - last, 2 * interval));
    last = now;
  }, interval);
  timer.unref();
  return () => clearInterval(timer);
}
