import { describe, expect, it } from "vitest";
import { createLogger } from "../observability/logger.ts";
import { workerReport } from "../observability/metrics/metrics-of-workers.ts";
import { counter, gauge } from "../observability/metrics/registry.ts";
import { requestTotals } from "../observability/metrics/request-metrics.ts";
import { createService } from "../service/service.ts";
import { metricsText, serveMetrics } from "./metrics-server.ts";
import { listenerOf, serve } from "./serve.ts";

const log = createLogger({ service: "t", level: "silent" });
const local = { METRICS_PORT: 0, METRICS_HOST: "127.0.0.1" };

/** An app that is counted under a name of its own. */
async function counted(name: string) {
  const app = createService({ title: name, version: "1", prefix: `/${name}`, log, corsOrigins: ["*"], checks: {} });
  app.get("/things/:id", (c) => c.json({ id: c.req.param("id") }));
  app.get("/boom", () => {
    throw new Error("boom");
  });
  const listening = await serve(listenerOf(app), { port: 0, host: "127.0.0.1", log, drainSeconds: 0 });
  return { origin: `http://127.0.0.1:${listening.port}/${name}`, [Symbol.asyncDispose]: () => listening.close() };
}

async function get(url: string): Promise<number> {
  const answer = await fetch(url);
  await answer.arrayBuffer();
  return answer.status;
}

describe("metrics", () => {
  it("are served on their own port, by route pattern and status class", async () => {
    await using app = await counted("shop");
    await using metrics = await serveMetrics(local, log);
    for (let id = 0; id < 5; id++) await get(`${app.origin}/things/${id}?token=x`);
    await get(`${app.origin}/boom`);
    await get(`${app.origin}/nothing/${Math.random()}`);
    await expect.poll(() => requestTotals().get("shop")?.requests).toBe(7);
    const answer = await fetch(`http://127.0.0.1:${metrics.port}/metrics`);
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (await answer.text()).split("\n").filter((line) => line.includes('app="shop"'));
    const routes = new Set(lines.map((line) => /route="([^"]*)"/.exec(line)?.[1]));
    expect([...routes].sort()).toEqual(["/shop/boom", "/shop/things/:id", "none"]);
    const things = 'app="shop",method="GET",route="/shop/things/:id",status="2xx"';
    expect(lines).toContain(`quintet_http_requests_total{${things}} 5`);
    expect(lines).toContain(`quintet_http_request_duration_seconds_count{${things}} 5`);
    expect(lines.find((line) => line.includes('le="+Inf"') && line.includes("things"))).toMatch(/ 5$/);
    expect(requestTotals().get("shop")).toMatchObject({ requests: 7, failures: 1 });
  });

  it("are those of all workers together, with what workers counted that are gone", async () => {
    const seen = counter("t_seen_total", "Seen.", ["what"]);
    const share = gauge("t_share", "Worst.", [], (made) => made.set(0.5), "min");
    const same = gauge("t_same", "Seen by each.", [], (made) => made.set(7), "max");
    const open = gauge("t_open", "Open.");
    expect([share, same]).toHaveLength(2);
    seen.inc({ what: "a" }, 2);
    open.set(3);
    const [one, two] = [await workerReport(), await workerReport()];
    const gone = { counters: { ...one.counters }, state: null };
    const peers = { collect: async () => [one, two, gone], provide() {} };
    const lines = (await metricsText(peers)).split("\n").filter((line) => line.startsWith("t_"));
    expect(lines.toSorted()).toEqual(["t_open 6", "t_same 7", 't_seen_total{what="a"} 6', "t_share 0.5"].toSorted());
    expect(await metricsText(peers)).toMatch(/# HELP t_seen_total Seen\.\n# TYPE t_seen_total counter\n/);
    expect(await metricsText(peers)).toMatch(/# TYPE quintet_http_request_duration_seconds histogram/);
  });

  it("are nowhere unless a port is given, and nowhere else on that port", async () => {
    await using none = await serveMetrics({ ...local, METRICS_PORT: undefined }, log);
    expect(none.port).toBeUndefined();
    await using metrics = await serveMetrics(local, log);
    expect(await get(`http://127.0.0.1:${metrics.port}/`)).toBe(404);
  });
});
