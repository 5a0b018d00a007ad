import type { Limits } from "./connections.ts";
import { Target } from "./target.ts";

const healthMs = 2000;

/** The processes of a remote app, and which of them is asked next. */
export class Targets {
  readonly all: Target[];
  readonly #healthPath: string;
  readonly #timers: NodeJS.Timeout[];
  readonly #stopping = new AbortController();
  #turn = 0;

  /** `healthPath` is looked at every two seconds on each target, if there is a choice or the target does not answer. */
  constructor(origins: string[], healthPath: string, limits: Limits) {
    this.all = origins.map((origin) => new Target(origin, limits, origins.length === 1));
    this.#healthPath = healthPath;
    const sweepMs = Math.max(20, Math.min(1000, Math.min(limits.connectMs, limits.answerMs, limits.idleMs) / 4));
    const sweep = () => {
      const now = performance.now();
      for (const target of this.all) target.connections.sweep(now);
    };
    this.#timers = [setInterval(sweep, sweepMs), setInterval(() => this.#look(), healthMs * (0.9 + Math.random() / 5))];
    for (const timer of this.#timers) timer.unref();
  }

  /** The least loaded target that may be asked and is not in `tried`; one that says it is unwell only if no other can. */
  choose(tried: Set<Target> | undefined): Target | undefined {
    const now = performance.now();
    const only = this.all.length === 1 ? this.all[0] : undefined;
    if (only) return only.mayBeAsked(now) && !tried?.has(only) ? only : undefined;
    let best: Target | undefined;
    let bestLoad = Number.POSITIVE_INFINITY;
    this.#turn = (this.#turn + 1) % this.all.length;
    for (let i = 0; i < this.all.length; i++) {
      const target = this.all[(this.#turn + i) % this.all.length] as Target;
      if (tried?.has(target) || !target.mayBeAsked(now)) continue;
      const load = target.load(now) + (target.well ? 0 : 1e6);
      if (load < bestLoad) {
        best = target;
        bestLoad = load;
      }
    }
    return best;
  }

  close(): void {
    this.#stopping.abort();
    for (const timer of this.#timers) clearInterval(timer);
    for (const target of this.all) target.connections.close();
  }

  #look(): void {
    for (const target of this.all) if (this.all.length > 1 || target.ejected) this.#lookAt(target).catch(() => {});
  }

  async #lookAt(target: Target): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(healthMs)]);
    try {
      const answer = await fetch(new URL(this.#healthPath, target.connections.origin), { signal, redirect: "manual" });
      await answer.body?.cancel();
      target.well = answer.ok;
      if (answer.ok) target.answered(performance.now());
    } catch {
      if (!this.#stopping.signal.aborted) target.failed(performance.now(), true);
    }
  }
}
