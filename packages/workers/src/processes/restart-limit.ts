/** How often workers may exit by themselves before the program gives up. */
export class RestartLimit {
  readonly #max: number;
  readonly #withinMs: number;
  #exits: number[] = [];

  constructor(max: number, withinMs = 60_000) {
    this.#max = max;
    this.#withinMs = withinMs;
  }

  /** Counts one exit at `now`. Returns the delay before the restart, in ms, or undefined when there were too many. */
  recordExit(now: number): number | undefined {
    this.#exits = [...this.#exits.filter((at) => now - at < this.#withinMs), now];
    const count = this.#exits.length;
    if (count > this.#max) return undefined;
    return count === 1 ? 0 : Math.min(5000, 50 * 2 ** count);
  }
}
