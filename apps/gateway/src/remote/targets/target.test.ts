import { afterAll, describe, expect, it } from "vitest";
import { RetryBudget } from "./retry-budget.ts";
import { Target } from "./target.ts";
import { Targets } from "./targets.ts";

const limits = { connectMs: 100, responseMs: 100, idleMs: 100, maxConnections: 10 };
const made: Targets[] = [];
const targetsOf = (count: number) => {
  const origins = Array.from({ length: count }, () => "http://127.0.0.1:9");
  const targets = new Targets(origins, "/x/health", limits);
  made.push(targets);
  return targets;
};
afterAll(() => {
  for (const targets of made) targets.close();
});

describe("a target", () => {
  const target = (alone = true) => new Target("http://127.0.0.1:9", limits, alone);
  const longest = 10_000 * 1.25;

  it("is left out after five failures in a row, and not when one of them was answered", () => {
    const one = target();
    for (let i = 0; i < 4; i++) one.failed(0, false);
    one.succeeded(0);
    for (let i = 0; i < 4; i++) one.failed(0, false);
    expect(one.isAvailable(0)).toBe(true);
    one.failed(0, false);
    expect(one.isAvailable(0)).toBe(false);
  });

  it("is left out when half of its requests fail, if there are others", () => {
    for (const alone of [true, false]) {
      const one = target(alone);
      for (let i = 0; i < 200 && one.isAvailable(0); i++) {
        if (i % 2 === 0) one.failed(0, false);
        else one.succeeded(0);
      }
      expect(one.ejected).toBe(!alone);
    }
    const mostlyWell = target(false);
    for (let i = 0; i < 1000; i++) {
      if (i % 5 === 0) mostlyWell.failed(0, false);
      else mostlyWell.succeeded(0);
    }
    expect(mostlyWell.ejected).toBe(false);
  });

  it("is left out longer each time, up to ten seconds, and then tried with one request a second", () => {
    const one = target();
    let now = 0;
    const pauses: number[] = [];
    for (let i = 0; i < 12; i++) {
      one.failed(now, true);
      const from = now;
      while (!one.isAvailable(now)) now += 5;
      pauses.push(now - from);
      one.requestSent(now);
      expect(one.isAvailable(now)).toBe(false);
      expect(one.isAvailable(now + 1000)).toBe(true);
    }
    expect(pauses[0]).toBeLessThanOrEqual(130);
    expect(pauses[3]).toBeGreaterThan(pauses[0] as number);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(longest + 5);
    expect(Math.min(...pauses.slice(8))).toBeGreaterThan(7000);
  });

  it("comes back slowly: its share grows over ten seconds", () => {
    const one = target();
    one.failed(0, true);
    one.succeeded(1000);
    const other = target();
    const shares = [1000, 3500, 6000, 11_000, 60_000].map((now) => other.load(now) / one.load(now));
    expect(shares.map((share) => Math.round(share * 100))).toEqual([10, 33, 55, 100, 100]);
  });
});

describe("several targets", () => {
  it("get requests by the number in flight on each, and a recovered one gets few at first", () => {
    const targets = targetsOf(2);
    const [a, b] = targets.all as [Target, Target];
    const now = performance.now();
    b.failed(now, true);
    b.succeeded(now);
    for (let i = 0; i < 55; i++) (targets.choose(undefined) as Target).inFlight++;
    expect(a.inFlight).toBeGreaterThanOrEqual(48);
    expect(b.inFlight).toBeGreaterThanOrEqual(3);
  });

  it("that say they are not well are asked only when there is no other", () => {
    const targets = targetsOf(3);
    const [a, b, c] = targets.all as [Target, Target, Target];
    a.healthy = false;
    b.healthy = false;
    for (let i = 0; i < 20; i++) expect(targets.choose(undefined)).toBe(c);
    expect([a, b]).toContain(targets.choose(new Set([c])));
  });
});

describe("the retry budget", () => {
  it("is a tenth of the requests, with some in hand at first and not more than a hundred later", () => {
    const budget = new RetryBudget();
    const takeAll = () => {
      let taken = 0;
      while (budget.take()) taken++;
      return taken;
    };
    expect(takeAll()).toBe(20);
    for (let i = 0; i < 101; i++) budget.addRequest();
    expect(takeAll()).toBe(10);
    for (let i = 0; i < 100_000; i++) budget.addRequest();
    expect(takeAll()).toBe(100);
  });
});
