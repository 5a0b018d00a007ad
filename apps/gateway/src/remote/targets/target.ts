import { ConnectionPool, type Limits } from "../connections/connection-pool.ts";

/** Failures in a row until a target is ejected. */
const maxFailuresInRow = 5;
/** A target among several is also ejected when more than this share of its recent requests failed. */
const maxFailureRate = 0.4;
/** The weight of the latest request in the moving average of failures. */
const weight = 0.05;
const firstEjectionMs = 100;
const maxEjectionMs = 10_000;
const recoveryMs = 10_000;
const probeIntervalMs = 1000;

/** One process of a remote app: its connections, its load, and its health. */
export class Target {
  readonly pool: ConnectionPool;
  inFlight = 0;
  /** The result of its last health check. */
  healthy = true;
  readonly #alone: boolean;
  #failuresInRow = 0;
  #failureRate = 0;
  #ejections = 0;
  #ejectedUntil = 0;
  #recoveredAt = Number.NEGATIVE_INFINITY;
  #probedAt = Number.NEGATIVE_INFINITY;

  constructor(origin: string, limits: Limits, alone: boolean) {
    this.#alone = alone;
    this.pool = new ConnectionPool(new URL(origin), limits);
  }

  get ejected(): boolean {
    return this.#ejections > 0;
  }

  /** Whether it may get a request. When its ejection is over, a target is probed with one request per second. */
  isAvailable(now: number): boolean {
    return this.#ejections === 0 || (now >= this.#ejectedUntil && now - this.#probedAt >= probeIntervalMs);
  }

  /** Call before a request is sent to it. */
  requestSent(now: number): void {
    if (this.#ejections > 0) this.#probedAt = now;
  }

  /** The share of its usual requests that it gets: 0 while it is ejected, growing to 1 within 10 s after it has recovered. */
  share(now: number): number {
    return this.ejected ? 0 : Math.min(1, 0.1 + (0.9 * (now - this.#recoveredAt)) / recoveryMs);
  }

  /** Requests in flight relative to its share; an ejected target that is probed counts as just recovered. */
  load(now: number): number {
    return (this.inFlight + 1) / Math.max(0.1, this.share(now));
  }

  /** A request or a health check was answered. */
  succeeded(now: number): void {
    this.#failuresInRow = 0;
    this.#failureRate *= 1 - weight;
    if (this.#ejections === 0) return;
    this.#ejections = 0;
    this.#recoveredAt = now;
  }

  /** A request failed. An unreachable target is ejected at once, any other one after several failures. */
  failed(now: number, unreachable: boolean): void {
    this.#failuresInRow++;
    this.#failureRate += weight * (1 - this.#failureRate);
    const fails = this.#failuresInRow >= maxFailuresInRow || (!this.#alone && this.#failureRate > maxFailureRate);
    if (!unreachable && !fails && this.#ejections === 0) return;
    if (this.#ejections > 0 && now < this.#ejectedUntil) return;
    const ms = Math.min(firstEjectionMs * 2 ** this.#ejections, maxEjectionMs);
    this.#ejections++;
    this.#failureRate = 0;
    this.#probedAt = Number.NEGATIVE_INFINITY;
    this.#ejectedUntil = now + ms * (0.75 + Math.random() / 2);
    this.pool.closeIdle();
  }
}
