import type { Logger, TrustedProxies } from "@quintet/http";
import { StaleResponses } from "./stale/stale-responses.ts";
import { RetryBudget } from "./targets/retry-budget.ts";
import type { Targets } from "./targets/targets.ts";

const maxHeld = 1000;

/** The state that all requests to one remote app share. */
export class RemoteApp {
  readonly name: string;
  readonly log: Logger;
  readonly targets: Targets;
  /** The gateway's name in `Via`. */
  readonly via: string;
  readonly trusted: TrustedProxies | undefined;
  readonly budget = new RetryBudget();
  readonly stale: StaleResponses;
  readonly #holdMs: number;
  #unavailableSince: number | undefined;
  #held = 0;
  readonly #polls = new Set<{ endPoll(): void }>();
  #isStopping = false;

  constructor(options: {
    name: string;
    log: Logger;
    targets: Targets;
    trusted: TrustedProxies | undefined;
    via: string;
    holdMs: number;
  }) {
    this.name = options.name;
    this.log = options.log;
    this.targets = options.targets;
    this.trusted = options.trusted;
    this.via = options.via;
    this.stale = new StaleResponses(options.trusted);
    this.#holdMs = options.holdMs;
  }

  /** Whether a request without an available target may be held: only for a short time after the app became unavailable. */
  canHold(): boolean {
    const now = performance.now();
    this.#unavailableSince ??= now;
    return now - this.#unavailableSince < this.#holdMs && this.#held < maxHeld;
  }

  /** Calls `attempt` after a pause; the returned function cancels it. */
  hold(attempt: () => void, ms: number): () => void {
    this.#held++;
    let over = false;
    const end = () => {
      if (!over) this.#held--;
      over = true;
    };
    const timer = setTimeout(() => {
      end();
      attempt();
    }, ms);
    return () => {
      clearTimeout(timer);
      end();
    };
  }

  /** The number of held requests. */
  get held(): number {
    return this.#held;
  }

  /** Registers a request that waits without a response, until `removePoll`. While the gateway stops, the request is ended at once. */
  addPoll(poll: { endPoll(): void }): void {
    this.#polls.add(poll);
    if (this.#isStopping) poll.endPoll();
  }

  removePoll(poll: { endPoll(): void }): void {
    this.#polls.delete(poll);
  }

  /** Ends all requests that wait without a response: the gateway is about to stop. */
  endPolls(): void {
    this.#isStopping = true;
    for (const poll of this.#polls) poll.endPoll();
  }

  succeeded(): void {
    this.#unavailableSince = undefined;
  }
}
