import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { metricsText, serveMetrics } from "@quintet/http";
import { findTool } from "@quintet/stores/testing";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { apps } from "../src/apps.ts";
import { admission } from "../src/limits/admission.ts";
import { edge, log } from "./edge.ts";

const sample =
  /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?[\d.]+(?:e[+-]?\d+)?|[+-]Inf|Na[Nn])$/;
const suffixes = /_(?:bucket|sum|count)$/;

/** The metrics in a text in Prometheus' exposition format 0.0.4, by name, with their types. Throws on anything that breaks its grammar. */
function metricsIn(text: string): Map<string, string> {
  expect(text.endsWith("\n")).toBe(true);
  const types = new Map<string, string>();
  const helps = new Set<string>();
  const seen = new Set<string>();
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (comment) {
      const [, kind, name = "", rest = ""] = comment;
      if (kind === "HELP") expect(helps.has(name), line).toBe(false);
      if (kind === "HELP") helps.add(name);
      else types.set(name, rest);
      continue;
    }
    const [, name = "", labels] = sample.exec(line) ?? [];
    expect(name, line).not.toBe("");
    const family = types.has(name) ? name : name.replace(suffixes, "");
    expect(helps.has(family) && types.has(family), line).toBe(true);
    if (family !== name) expect(types.get(family), line).toMatch(/^(?:histogram|summary)$/);
    expect(seen.has(`${name}{${labels}}`), line).toBe(false);
    seen.add(`${name}{${labels}}`);
  }
  for (const [name, type] of types) {
    expect(type, name).toMatch(/^(?:counter|gauge|histogram|summary)$/);
    if (name.startsWith("quintet_")) expect(name.endsWith("_total"), name).toBe(type === "counter");
  }
  return types;
}

let text = "";

beforeAll(async () => {
  expect(apps.length).toBeGreaterThan(0); // Loads every app, and with it its metrics.
  await using measuring = await serveMetrics({ METRICS_PORT: undefined, METRICS_HOST: "" }, log);
  expect(measuring.port).toBeUndefined();
  await using gateway = await edge(["http://127.0.0.1:9"], { holdMs: 0 });
  expect((await fetch(`${gateway.origin}/queue/count?secret=1`)).status).toBe(503);
  expect((await fetch(`${gateway.origin}/social/a%5Cb`)).status).toBe(400);
  const full = admission({ maxInFlight: 0, maxWaiting: 0, maxShare: 1 }).requests(() => {});
  const busy = await edge([], { mounted: { fetch: async () => new Response("x") } });
  busy.listening.server.removeAllListeners("request");
  busy.listening.server.on("request", full);
  expect((await fetch(busy.origin)).status).toBe(503);
  await busy[Symbol.asyncDispose]();
  text = await metricsText();
});

describe("metrics", () => {
  it("are written as Prometheus reads them", () => {
    expect(metricsIn(text).size).toBeGreaterThan(20);
  });

  it("tell of targets, of attempts that failed, and of what was not let in", () => {
    expect(text).toContain('quintet_upstream_up{app="queue",target="http://127.0.0.1:9"} 0');
    expect(text).toContain('quintet_upstream_circuit_open{app="queue"} 1');
    expect(text).toContain('quintet_upstream_share{app="queue",target="http://127.0.0.1:9"} 0');
    expect(text).toContain('quintet_upstream_failed_attempts_total{app="queue",outcome="given up"} 1');
    expect(text).toContain('quintet_refused_requests_total{why="busy"} 1');
    expect(text).toContain('quintet_http_requests_total{app="gateway",method="GET",route="/queue/*",status="5xx"} 1');
    expect(text).toContain('quintet_http_requests_total{app="gateway",method="GET",route="none",status="4xx"} 1');
  });

  it.each(["prometheus/alerts.yml", "grafana/quintet.json"])("are all there that infra/%s asks for", (file) => {
    const asked = readFileSync(new URL(`../../../infra/${file}`, import.meta.url), "utf8");
    const known = metricsIn(text);
    const names = new Set(asked.match(/\b(?:quintet|process|nodejs)_[a-z0-9_]+\b/g));
    expect(names.size).toBeGreaterThan(5);
    expect([...names].filter((name) => !known.has(name) && !known.has(name.replace(suffixes, "")))).toEqual([]);
  });
});

describe("promtool", async () => {
  const promtool = await findTool("promtool", process.env, console.log);
  const infra = fileURLToPath(new URL("../../../infra/", import.meta.url));
  const check = (args: string[], input = "") => {
    const running = promisify(execFile)(promtool, args, { cwd: `${infra}prometheus` });
    running.child.stdin?.end(input);
    return running;
  };

  it("finds no fault in the metrics", async () => {
    const ours = text.split(/\n(?=# HELP )/).filter((family) => family.startsWith("# HELP quintet_"));
    expect(ours.length).toBeGreaterThan(20);
    await check(["check", "metrics"], `${ours.join("\n")}\n`);
  });

  it("takes the settings, and alerts come when they should and only then", async () => {
    await check(["check", "config", "prometheus.yml"]);
    await check(["test", "rules", "alerts.test.yml"]);
  });

  it("takes every query of the dashboard", async () => {
    const { panels } = JSON.parse(readFileSync(`${infra}grafana/quintet.json`, "utf8")) as {
      panels: { targets: { expr: string }[] }[];
    };
    const rules = panels.flatMap(({ targets }, i) =>
      targets.map(({ expr }, j) => ({ record: `panel:${i}:${j}`, expr: expr.replaceAll("$__rate_interval", "5m") })),
    );
    expect(rules.length).toBeGreaterThan(20);
    const file = join(inject("runDir"), "dashboard-rules.yml");
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] })); // JSON is YAML.
    await check(["check", "rules", file]);
  });
});
