/** How often workers may end by themselves before that is taken as a fault of the whole. */
export class RestartLimit {
  readonly #most: number;
  readonly #withinMs: number;
  #ends: number[] = [];

  constructor(most: number, withinMs = 60_000) {
    this.#most = most;
    this.#withinMs = withinMs;
  }

  /** Counts one end at `now`; how long to wait before the next start, in ms, or undefined when there were too many. */
  ended(now: number): number | undefined {
    this.#ends = [...this.#ends.filter((at) => now - at < this.#withinMs), now];
    const count = this.#ends.length;
    if (count > this.#most) return undefined;
    return count === 1 ? 0 : Math.min(5000, 50 * 2 ** count);
  }
}
