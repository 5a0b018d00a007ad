import { healthReport } from "@quintet/http";
import { expect, it } from "vitest";
import type { Upstream } from "../routing/upstream.ts";
import { checkApp, gatewayHealth } from "./app-health.ts";

/** An app that says this of its health, or, with nothing to say, never answers. */
function app(status?: "ok" | "degraded" | "failing"): Pick<Upstream, "prefix" | "get"> {
  const report = status && Response.json({ status, checks: { store: { status, ms: 1 } } });
  return { prefix: "/app", get: () => (report ? Promise.resolve(report) : new Promise(() => {})) };
}

const healthOf = async (...apps: ReturnType<typeof app>[]) => {
  const checks = Object.fromEntries(apps.map((one, i) => [`app${i}`, () => checkApp(one as Upstream)]));
  const { status, checks: found } = await healthReport(checks, gatewayHealth);
  return [status, ...Object.values(found).map((check) => check.status)];
};

it("is as well as it can serve: degraded by one app that is less than well, failing when none serves", async () => {
  expect(await healthOf(app("ok"), app("ok"))).toEqual(["ok", "ok", "ok"]);
  expect(await healthOf(app("ok"), app("degraded"))).toEqual(["degraded", "ok", "degraded"]);
  expect(await healthOf(app("ok"), app("failing"))).toEqual(["degraded", "ok", "failing"]);
  expect(await healthOf(app("ok"), app())).toEqual(["degraded", "ok", "failing"]);
  expect(await healthOf(app("degraded"), app("failing"))).toEqual(["degraded", "degraded", "failing"]);
  expect(await healthOf(app("failing"), app("failing"))).toEqual(["failing", "failing", "failing"]);
});

it("says since when an app is less than well: since its first check is", async () => {
  const since = ["2026-01-02T03:04:05.678Z", "2026-01-02T03:04:04.000Z"];
  const checks = Object.fromEntries(since.map((each, i) => [`store${i}`, { status: "failing", ms: 1, since: each }]));
  const unwell = { prefix: "/app", get: async () => Response.json({ status: "failing", checks }) };
  const found = await healthReport({ app: () => checkApp(unwell as unknown as Upstream) }, gatewayHealth);
  expect(found.checks.app?.since).toBe(since[1]);
});
