/** Limits for clients that are slow on purpose, in milliseconds. */
export interface SlowLimits {
  /** In this time 500 bytes of a body must arrive, or its end. */
  bodyMs: number;
  /** In this time a client must read some of a pending response. */
  readMs: number;
}

/** Fewer bytes than this within `bodyMs` are a trickle. */
const fewestBytes = 500;

/** Measures for how long a body has trickled while its client could send. */
export class BodyClock {
  #bytes = 0;
  #ms = 0;

  /** Starts over: the client is not the cause, or there is no body. */
  restart(bytes: number): void {
    this.#bytes = bytes;
    this.#ms = 0;
  }

  /** Adds `ms` in which the client could have sent; `bytes` were received in all. Returns whether the limit is exceeded. */
  isLate(bytes: number, ms: number, limitMs: number): boolean {
    if (bytes - this.#bytes >= fewestBytes) this.restart(bytes);
    else this.#ms += ms;
    return this.#ms > limitMs;
  }
}

/**
 * Calls `sweep` ten times per shorter limit, with the milliseconds since the last call; returns a function that stops it. After a stall
 * of this process at most two intervals count: what arrived meanwhile has not been read yet.
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
