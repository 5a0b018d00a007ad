const share = 0.1;
const most = 100;
const atFirst = 20;

/** How many requests may be sent again: a tenth of those that came, so that retries do not finish off an app in trouble. */
export class RetryBudget {
  #tokens = atFirst;

  /** How many requests could be sent again now. */
  get left(): number {
    return Math.floor(this.#tokens);
  }

  requestCame(): void {
    if (this.#tokens < most) this.#tokens += share;
  }

  /** Takes one retry out of the budget; false when there is none. */
  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
