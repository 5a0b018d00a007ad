import type { Logger, TrustedProxies } from "@quintet/http";
import { RetryBudget } from "./retry-budget.ts";
import { StaleAnswers } from "./stale-answers.ts";
import type { Targets } from "./targets.ts";

const mostHeld = 1000;

/** What the requests to one remote app share. */
export class RemoteApp {
  readonly name: string;
  readonly log: Logger;
  readonly targets: Targets;
  /** The gateway's name in `Via`. */
  readonly via: string;
  readonly trusted: TrustedProxies | undefined;
  readonly budget = new RetryBudget();
  readonly stale: StaleAnswers;
  readonly #holdMs: number;
  #awaySince: number | undefined;
  #held = 0;
  readonly #polls = new Set<{ letGo(): void }>();
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
    this.stale = new StaleAnswers(options.trusted);
    this.#holdMs = options.holdMs;
  }

  /** Whether a request that no target can take may wait: for a moment after the app went away, no longer. */
  mayHold(): boolean {
    const now = performance.now();
    this.#awaySince ??= now;
    return now - this.#awaySince < this.#holdMs && this.#held < mostHeld;
  }

  /** Runs `ask` after a pause; the answer cancels it. */
  hold(ask: () => void, ms: number): () => void {
    this.#held++;
    let over = false;
    const end = () => {
      if (!over) this.#held--;
      over = true;
    };
    const timer = setTimeout(() => {
      end();
      ask();
    }, ms);
    return () => {
      clearTimeout(timer);
      end();
    };
  }

  /** Requests that wait for a target that can take them. */
  get held(): number {
    return this.#held;
  }

  /** Remembers a request that waits and has no response yet, until `pollEnded`. One that comes while the gateway stops is let go. */
  pollBegan(poll: { letGo(): void }): void {
    this.#polls.add(poll);
    if (this.#isStopping) poll.letGo();
  }

  pollEnded(poll: { letGo(): void }): void {
    this.#polls.delete(poll);
  }

  /** Lets go of all who wait without a response: the gateway is about to stop. */
  letGo(): void {
    this.#isStopping = true;
    for (const poll of this.#polls) poll.letGo();
  }

  answered(): void {
    this.#awaySince = undefined;
  }
}
