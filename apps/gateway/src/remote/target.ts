import { Connections, type Limits } from "./connections.ts";

const failuresUntilEjected = 5;
/** Where there are others, a target is ejected too when of its last dozens of requests more than this share failed. */
const mostFailing = 0.4;
const weight = 0.05;
const firstEjectionMs = 100;
const longestEjectionMs = 10_000;
const returnMs = 10_000;
const trialMs = 1000;

/** One process of a remote app: its connections, its load, and how far it can be trusted with requests. */
export class Target {
  readonly connections: Connections;
  underWay = 0;
  /** Whether its own health check says that it is well. */
  well = true;
  readonly #alone: boolean;
  #failures = 0;
  #failing = 0;
  #ejections = 0;
  #ejectedUntil = 0;
  #returnedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;

  constructor(origin: string, limits: Limits, alone: boolean) {
    this.#alone = alone;
    this.connections = new Connections(new URL(origin), limits);
  }

  get ejected(): boolean {
    return this.#ejections > 0;
  }

  /** Whether it may be asked; a target that was ejected is tried with one request a second when its time is over. */
  mayBeAsked(now: number): boolean {
    return this.#ejections === 0 || (now >= this.#ejectedUntil && now - this.#triedAt >= trialMs);
  }

  /** It is going to be asked. */
  asked(now: number): void {
    if (this.#ejections > 0) this.#triedAt = now;
  }

  /** The share of a full target's requests that it gets: none while it is ejected, and all of it only 10 s after it came back. */
  share(now: number): number {
    return this.ejected ? 0 : Math.min(1, 0.1 + (0.9 * (now - this.#returnedAt)) / returnMs);
  }

  /** Requests under way over its share; one that is ejected is tried as one that has just come back. */
  load(now: number): number {
    return (this.underWay + 1) / Math.max(0.1, this.share(now));
  }

  /** A request, or a look at its health, was answered. */
  answered(now: number): void {
    this.#failures = 0;
    this.#failing *= 1 - weight;
    if (this.#ejections === 0) return;
    this.#ejections = 0;
    this.#returnedAt = now;
  }

  /** It did not answer. One that cannot be reached is ejected at once, another after several failures in a row. */
  failed(now: number, unreachable: boolean): void {
    this.#failures++;
    this.#failing += weight * (1 - this.#failing);
    const fails = this.#failures >= failuresUntilEjected || (!this.#alone && this.#failing > mostFailing);
    if (!unreachable && !fails && this.#ejections === 0) return;
    if (this.#ejections > 0 && now < this.#ejectedUntil) return;
    const ms = Math.min(firstEjectionMs * 2 ** this.#ejections, longestEjectionMs);
    this.#ejections++;
    this.#failing = 0;
    this.#triedAt = Number.NEGATIVE_INFINITY;
    this.#ejectedUntil = now + ms * (0.75 + Math.random() / 2);
    this.connections.closeIdle();
  }
}
