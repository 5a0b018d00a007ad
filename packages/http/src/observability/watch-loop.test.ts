import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { type Listening, listenerOf, serve } from "../server/serve.ts";
import { createService } from "../service/service.ts";
import { beginWaiting } from "../service/waiting.ts";
import { readEnv, settings } from "../settings/settings.ts";
import type { HealthReport } from "./health.ts";
import { type Logger, loggers } from "./logger.ts";
import { openObservation } from "./observation.ts";

let folder: string;
let log: Logger;
let listening: Listening;
let observed: AsyncDisposable;
const hanging = Promise.withResolvers<void>();

/** Two apps in one process, as in the gateway: one that blocks and hangs, and one beside it. */
function apps(): { fetch(request: Request, env: object): Response | Promise<Response> } {
  const service = (prefix: string) =>
    createService({ title: prefix, version: "1", prefix, log, corsOrigins: [], checks: {}, slow: /slowly/ });
  const bad = service("/bad");
  bad.get("/block/:ms", async (c) => {
    // After a wait, where nothing on the stack leads back to the handler.
    await turn();
    const until = performance.now() + Number(c.req.param("ms"));
    while (performance.now() < until);
    return c.text("done");
  });
  bad.get("/hang", async (c) => {
    await hanging.promise;
    return c.text("done");
  });
  bad.get("/wait", async (c) => {
    beginWaiting(c);
    await hanging.promise;
    return c.text("done");
  });
  bad.get("/slowly", async (c) => {
    await hanging.promise;
    return c.text("done");
  });
  const good = service("/good");
  return {
    fetch: (request, env) => (new URL(request.url).pathname.startsWith("/bad") ? bad : good).fetch(request, env),
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "quintet-loop-"));
  const env = { LOG_FILE: join(folder, "log"), LOOP_BLOCK_MS: "300", STUCK_SECONDS: "1", PORT: "0" };
  const config = readEnv(z.object(settings.listen), env);
  log = loggers({ level: "info", file: config.LOG_FILE })("test");
  observed = await openObservation(config, log);
  listening = await serve(listenerOf(apps()), { port: 0, host: "127.0.0.1", log, drainSeconds: 1 });
});

afterAll(async () => {
  hanging.resolve();
  await listening.close();
  await observed[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const get = (path: string) =>
  fetch(`http://127.0.0.1:${listening.port}${path}`, { headers: { "X-Request-Id": "r-1" } });
const health = async (app: string) => {
  const answer = await get(`/${app}/health`);
  return { http: answer.status, ...((await answer.json()) as HealthReport) };
};
const lines = async () => (await readFile(join(folder, "log"), "utf8")).trim().split("\n");

describe("an app that blocks the event loop", () => {
  it("is named with its request and its stack while it does", async () => {
    // Whether the thread looks now is seen by its first line; until then it may still be starting.
    await vi.waitFor(
      async () => {
        await get("/bad/block/700");
        expect((await lines()).some((text) => text.includes("EventLoopBlocked"))).toBe(true);
      },
      { timeout: 15_000 },
    );
    const line = (await lines()).find((text) => text.includes("EventLoopBlocked")) ?? "";
    expect(JSON.parse(line)).toMatchObject({
      "log.level": "error",
      "service.name": "test",
      message: "the event loop is blocked by bad",
      labels: { app: "bad", route: "/bad/block/:ms" },
      http: { request: { id: "r-1" } },
      error: { stack_trace: expect.stringContaining("watch-loop.test.ts") },
    });
  });

  it("is named by its health, and nobody else is", async () => {
    const bad = await vi.waitFor(async () => {
      const found = await health("bad");
      expect(found.status).toBe("degraded");
      return found;
    }, 10_000);
    expect(bad.http).toBe(200);
    expect(bad.checks["event loop"]?.why).toMatch(/^the event loop was blocked for [\d,]+ ms by bad, \d+ s ago$/);
    expect(await health("good")).toMatchObject({ http: 200, status: "ok", checks: {} });
  });
});

describe("a handler that never answers", () => {
  it("is reported by its app's health check until it ends, unless it may take long or only waits", async () => {
    const waits = get("/bad/wait");
    const hung = get("/bad/hang");
    const slow = get("/bad/slowly");
    await vi.waitFor(
      async () => {
        const { status, checks } = await health("bad");
        expect(status).toBe("degraded");
        expect(checks.requests?.why).toMatch(/^requests without a response: 1, the oldest for \d+ s$/);
      },
      { timeout: 10_000 },
    );
    expect((await health("good")).status).toBe("ok");
    hanging.resolve();
    expect([(await hung).status, (await slow).status, (await waits).status]).toEqual([200, 200, 200]);
    await vi.waitFor(async () => expect((await health("bad")).checks.requests).toBeUndefined(), 10_000);
  });
});
