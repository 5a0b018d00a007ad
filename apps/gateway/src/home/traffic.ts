import { latencyBounds, requestTotals } from "@quintet/http";

/** An app's requests in one step of ten seconds. */
export interface Step {
  requests: number;
  /** Responses with a status 5xx. */
  failures: number;
  /** Number of requests by latency, up to each of `latencyBounds`; the last bucket is for all longer ones. */
  buckets: number[];
}

/** The last 15 minutes of all apps, by step number since 1970. */
export type Steps = Map<number, Map<string, Step>>;

export const stepSeconds = 10;
export const stepsShown = 90;

/** The number of the step that contains a time; `at` in ms since 1970. */
export function stepOf(at: number): number {
  return Math.floor(at / 1000 / stepSeconds);
}

/** The traffic of this process, in steps with the same boundaries in every process. */
export interface Traffic {
  steps(): Steps;
  close(): void;
}

/**
 * Reads the request totals once per step, so that requests have no extra cost. `onStep` is called with each step when it has ended.
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
    // Steps in the future mean that the clock was set back.
    for (const old of steps.keys()) if (old <= step - stepsShown || old > step) steps.delete(old);
    onStep(step, apps);
    wait();
  };
  wait();
  return { steps: () => steps, close: () => clearTimeout(timer) };
}

/** An app's figures for each step, oldest first; undefined for steps that were not recorded. */
export interface Figures {
  /** Requests per second. */
  rate: (number | undefined)[];
  /** In ms; undefined also for steps without requests. */
  median: (number | undefined)[];
  p99: (number | undefined)[];
  /** Responses with a status 5xx per second. */
  failures: (number | undefined)[];
}

/** The figures of an app up to the last complete step before `now`. */
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

/** A quantile of latencies in ms, interpolated within its bucket like Prometheus' `histogram_quantile`. */
export function quantile(buckets: number[], share: number): number | undefined {
  const count = buckets.reduce((sum, each) => sum + each, 0);
  if (count === 0) return undefined;
  const wanted = count * share;
  let upTo = 0;
  for (const [i, each] of buckets.entries()) {
    if (upTo + each >= wanted && each > 0) {
      const from = latencyBounds[i - 1] ?? 0;
      // Latencies above the last bound are reported as that bound.
      const to = latencyBounds[i] ?? from;
      return (from + ((to - from) * (wanted - upTo)) / each) * 1000;
    }
    upTo += each;
  }
  return undefined;
}
