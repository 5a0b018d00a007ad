import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { HealthCheckError, healthReport, pollHealth, trackedHealth } from "./health.ts";

let looking: Disposable;
beforeEach(() => {
  looking = pollHealth();
});
afterEach(() => looking[Symbol.dispose]());

it("says since when a check fails, from the first look on, though nobody has asked", async () => {
  let looks = 0;
  let isWell = true;
  const health = trackedHealth("sample", {
    store: async () => {
      looks++;
      if (!isWell) throw new Error("10.1.2.3 refused");
    },
  });
  const more = { other: async () => {} };
  expect(await health(more)).toEqual({
    status: "ok",
    checks: { store: { status: "ok", ms: expect.any(Number) }, other: { status: "ok", ms: expect.any(Number) } },
  });

  const failsFrom = Date.now();
  isWell = false;
  const before = looks;
  await vi.waitFor(() => expect(looks).toBeGreaterThan(before), 20_000);
  const noticedBy = Date.now();
  await vi.waitFor(() => expect(looks).toBeGreaterThan(before + 1), 20_000);
  const { status, checks } = await health(more);
  expect(status).toBe("failing");
  expect(JSON.stringify(checks)).not.toContain("10.1.2.3");
  expect(checks.other).not.toHaveProperty("since");
  const since = Date.parse(checks.store?.since ?? "");
  expect(since).toBeGreaterThanOrEqual(failsFrom);
  expect(since).toBeLessThanOrEqual(noticedBy);
  expect((await health({})).checks.store?.since).toBe(checks.store?.since);

  isWell = true;
  expect((await health({})).checks.store).not.toHaveProperty("since");
});

it("believes a check that knows better", async () => {
  const since = "2026-01-02T03:04:05.678Z";
  const check = () => Promise.reject(new HealthCheckError("degraded", "slow", since));
  expect((await healthReport({ check })).checks.check).toMatchObject({ status: "degraded", why: "slow", since });
});
