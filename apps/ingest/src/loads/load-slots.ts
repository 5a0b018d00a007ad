import { Problem } from "@quintet/http";
import { loadsRunning } from "../row-metrics.ts";

/** The max number of loads in one process. */
export const maxLoads = 16;
/** The max number of loads of one account in one process, so that no account blocks all others. */
export const maxLoadsPerAccount = 12;

const retrySoon = { headers: { "Retry-After": "5" } };

/** Limits the number of loads that run in this process. */
export class LoadSlots {
  readonly #used = new Map<number, number>();

  /** The number of running loads. */
  get used(): number {
    return [...this.#used.values()].reduce((sum, count) => sum + count, 0);
  }

  /**
   * Acquires a slot for a load of an account and returns the function that releases it. Throws a 429 at the max of the account, a
   * 503 at the max of the process.
   */
  acquire(accountId: number): () => void {
    const own = this.#used.get(accountId) ?? 0;
    if (own >= maxLoadsPerAccount) {
      throw new Problem(
        "too-many-requests",
        `This account already has ${maxLoadsPerAccount} loads running in this process.`,
        retrySoon,
      );
    }
    if (this.used >= maxLoads)
      throw new Problem("unavailable", `${maxLoads} loads are already running in this process.`, retrySoon);
    this.#used.set(accountId, own + 1);
    loadsRunning.inc();
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      const left = (this.#used.get(accountId) ?? 1) - 1;
      if (left === 0) this.#used.delete(accountId);
      else this.#used.set(accountId, left);
      loadsRunning.dec();
    };
  }
}
