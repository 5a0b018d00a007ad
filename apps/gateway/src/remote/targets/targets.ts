import type { Limits } from "../connections/connection-pool.ts";
import { Target } from "./target.ts";

const healthIntervalMs = 2000;

/** The processes of a remote app, and the choice between them. */
export class Targets {
  readonly all: Target[];
  readonly #healthPath: string;
  readonly #timers: NodeJS.Timeout[];
  readonly #stopping = new AbortController();
  #next = 0;

  /** `healthPath` is requested every two seconds from each target, if there are several or the target is ejected. */
  constructor(origins: string[], healthPath: string, limits: Limits) {
    this.all = origins.map((origin) => new Target(origin, limits, origins.length === 1));
    this.#healthPath = healthPath;
    const sweepMs = Math.max(20, Math.min(1000, Math.min(limits.connectMs, limits.responseMs, limits.idleMs) / 4));
    const sweep = () => {
      const now = performance.now();
      for (const target of this.all) target.pool.sweep(now);
    };
    this.#timers = [
      setInterval(sweep, sweepMs),
      setInterval(() => this.#checkHealth(), healthIntervalMs * (0.9 + Math.random() / 5)),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  /** The least loaded target that is available and not in `tried`; an unhealthy one only if there is no other. */
  choose(tried: Set<Target> | undefined): Target | undefined {
    const now = performance.now();
    const only = this.all.length === 1 ? this.all[0] : undefined;
    if (only) return only.isAvailable(now) && !tried?.has(only) ? only : undefined;
    let best: Target | undefined;
    let bestLoad = Number.POSITIVE_INFINITY;
    this.#next = (this.#next + 1) % this.all.length;
    for (let i = 0; i < this.all.length; i++) {
      const target = this.all[(this.#next + i) % this.all.length] as Target;
      if (tried?.has(target) || !target.isAvailable(now)) continue;
      const load = target.load(now) + (target.healthy ? 0 : 1e6);
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
    for (const target of this.all) target.pool.close();
  }

  #checkHealth(): void {
    for (const target of this.all) if (this.all.length > 1 || target.ejected) this.#checkTarget(target).catch(() => {});
  }

  async #checkTarget(target: Target): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(healthIntervalMs)]);
    try {
      const response = await fetch(new URL(this.#healthPath, target.pool.origin), { signal, redirect: "manual" });
      await response.body?.cancel();
      target.healthy = response.ok;
      if (response.ok) target.succeeded(performance.now());
    } catch {
      if (!this.#stopping.signal.aborted) target.failed(performance.now(), true);
    }
  }
}
