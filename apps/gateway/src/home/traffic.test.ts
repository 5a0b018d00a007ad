import { latencyBounds } from "@quintet/http";
import { describe, expect, it } from "vitest";
import { plots } from "./plots.ts";
import { figuresOf, quantile, type Step, stepSeconds } from "./traffic.ts";

const now = 1_700_000_007_000;
const last = Math.floor(now / 1000 / stepSeconds) - 1;

/** A step in which `requests` took between 5 and 10 ms each. */
function step(requests: number, failures = 0): Step {
  const buckets = latencyBounds.map((bound) => (bound === 0.01 ? requests : 0));
  return { requests, failures, buckets: [...buckets, 0] };
}

describe("figures of an app", () => {
  it("are per second and up to the last whole step, with gaps where nobody looked", () => {
    const steps = new Map([
      [last - 2, new Map([["queue", step(20, 5)]])],
      [last, new Map([["social", step(1)]])],
    ]);
    const { rate, failures, median } = figuresOf("queue", steps, now);
    expect(rate).toHaveLength(90);
    expect(rate.slice(-4)).toEqual([undefined, 2, undefined, 0]);
    expect(failures.slice(-3)).toEqual([0.5, undefined, 0]);
    expect(median.slice(-3)).toEqual([7.5, undefined, undefined]);
  });

  it("spread latencies evenly within their bucket", () => {
    expect(quantile(step(10).buckets, 0.5)).toBeCloseTo(7.5);
    expect(quantile(step(10).buckets, 1)).toBeCloseTo(10);
    expect(quantile(step(0).buckets, 0.5)).toBeUndefined();
    expect(quantile([...latencyBounds.map(() => 0), 3], 0.99)).toBe(30_000);
  });
});

describe("plots", () => {
  it("say their last and highest values in words", async () => {
    const steps = new Map([
      [last - 1, new Map([["queue", step(400)]])],
      [last, new Map([["queue", step(123)]])],
    ]);
    const text = String(await plots("queue", figuresOf("queue", steps, now)));
    expect(text).toContain('aria-label="Requests to queue in the last 15 minutes: now 12/s, at most 40/s"');
    expect(text).toContain('aria-label="Latency of queue in the last 15 minutes: now 7.5 ms · 10 ms, at most 10 ms"');
    expect(text).not.toMatch(/NaN|undefined|Infinity|style=/);
  });

  it("say that there is nothing yet", async () => {
    expect(String(await plots("queue", figuresOf("queue", new Map(), now)))).toContain("No figures yet");
  });
});
