import { latencyBounds, requestTotals } from "@quintet/http";

/** Ten seconds of an app's requests. */
export interface Step {
  requests: number;
  /** Answered 5xx. */
  failures: number;
  /** How many took up to each of `latencyBounds`; the last is for what took longer. */
  buckets: number[];
}

/** A quarter of an hour of all apps, by the number of the step since 1970. */
export type Steps = Map<number, Map<string, Step>>;

export const stepSeconds = 10;
export const stepsShown = 90;

/** The number of the step that a time is in; `at` in ms since 1970. */
export function stepOf(at: number): number {
  return Math.floor(at / 1000 / stepSeconds);
}

/** What this process does, in steps that are cut at the same moments in every process. */
export interface Traffic {
  steps(): Steps;
  close(): void;
}

/**
 * Looks at the totals that are counted anyway once in each step, so that a request costs nothing more. `onStep` hears of
 * each step when it is over.
 */
export function watchTraffic(onStep: (step: number, apps: Map<string, Step>) => void = () => {}): Traffic {
  const steps: Steps = new Map();
  let before = requestTotals();
  let timer: NodeJS.Timeout;
  const wait = () => {
    const ms = stepSeconds * 1000 - (Date.now() % (stepSeconds * 1000));
    timer = setTimeout(cut, ms + 5);
    timer.unref();
  };
  const cut = () => {
    const now = requestTotals();
    const step = stepOf(Date.now()) - 1;
    const apps = new Map<string, Step>();
    for (const [app, total] of now) {
      const old = before.get(app);
      apps.set(app, {
        requests: total.requests - (old?.requests ?? 0),
        failures: total.failures - (old?.failures ?? 0),
        buckets: total.buckets.map((count, i) => count - (old?.buckets[i] ?? 0)),
      });
    }
    before = now;
    steps.set(step, apps);
    // Those of a time to come are of a clock that was set back.
    for (const old of steps.keys()) if (old <= step - stepsShown || old > step) steps.delete(old);
    onStep(step, apps);
    wait();
  };
  wait();
  return { steps: () => steps, close: () => clearTimeout(timer) };
}

/** An app's figures for each step, the oldest first; nothing for steps that nobody saw. */
export interface Figures {
  /** Requests per second. */
  rate: (number | undefined)[];
  /** In ms; nothing as well where there was no request. */
  median: (number | undefined)[];
  p99: (number | undefined)[];
  /** Answers of 500 and more per second. */
  failures: (number | undefined)[];
}

/** The figures of an app up to the last whole step before `now`. */
export function figuresOf(app: string, steps: Steps, now = Date.now()): Figures {
  const last = stepOf(now) - 1;
  const shown = Array.from({ length: stepsShown }, (_, i) => steps.get(last - stepsShown + 1 + i));
  const own = shown.map((apps) => (apps ? (apps.get(app) ?? { requests: 0, failures: 0, buckets: [] }) : undefined));
  return {
    rate: own.map((step) => step && step.requests / stepSeconds),
    median: own.map((step) => step && quantile(step.buckets, 0.5)),
    p99: own.map((step) => step && quantile(step.buckets, 0.99)),
    failures: own.map((step) => step && step.failures / stepSeconds),
  };
}

/** A quantile of latencies in ms, evenly spread within its bucket, as Prometheus' `histogram_quantile` does it. */
export function quantile(buckets: number[], share: number): number | undefined {
  const count = buckets.reduce((sum, each) => sum + each, 0);
  if (count === 0) return undefined;
  const wanted = count * share;
  let upTo = 0;
  for (const [i, each] of buckets.entries()) {
    if (upTo + each >= wanted && each > 0) {
      const from = latencyBounds[i - 1] ?? 0;
      // What took longer than the last bound is told as that.
      const to = latencyBounds[i] ?? from;
      return (from + ((to - from) * (wanted - upTo)) / each) * 1000;
    }
    upTo += each;
  }
  return undefined;
}
