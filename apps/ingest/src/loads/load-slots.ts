import { Problem } from "@quintet/http";
import { loadsRunning } from "../row-metrics.ts";

/** So many loads run in one process at a time. */
export const maxLoads = 16;
/** So many of them are of one account, so that no account keeps all others from context. */
export const maxLoadsPerAccount = 12;

const soon = { headers: { "Retry-After": "5" } };

/** The places of the loads that run in this process. */
export class LoadSlots {
  readonly #taken = new Map<number, number>();

  /** The loads that run. */
  get used(): number {
    return [...this.#taken.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Takes a place for an account's load; returns how to give it back. 429 when the account has its share, 503 when there is none. */
  acquire(accountId: number): () => void {
    const own = this.#taken.get(accountId) ?? 0;
    if (own >= maxLoadsPerAccount) {
      throw new Problem(
        "too-many-requests",
        `This account already has ${maxLoadsPerAccount} loads running in this process.`,
        soon,
      );
    }
    if (this.used >= maxLoads)
      throw new Problem("unavailable", `${maxLoads} loads are already running in this process.`, soon);
    this.#taken.set(accountId, own + 1);
    loadsRunning.inc();
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const left = (this.#taken.get(accountId) ?? 1) - 1;
      if (left === 0) this.#taken.delete(accountId);
      else this.#taken.set(accountId, left);
      loadsRunning.dec();
    };
  }
}
