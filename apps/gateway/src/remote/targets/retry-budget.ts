const share = 0.1;
const maxTokens = 100;
const initialTokens = 20;

/** Limits retries to a tenth of all requests, so that retries do not overload an app in trouble. */
export class RetryBudget {
  #tokens = initialTokens;

  /** How many retries are currently allowed. */
  get left(): number {
    return Math.floor(this.#tokens);
  }

  addRequest(): void {
    if (this.#tokens < maxTokens) this.#tokens += share;
  }

  /** Takes one retry from the budget; false when none is left. */
  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
