import { describe, expect, it, vi } from "vitest";
import type { Installation } from "../harness/installation.ts";
import { fetchDocument } from "../harness/operations.ts";
import { expectProblem } from "../harness/problem.ts";

/** What the gateway answers by itself, and what it refuses before any app hears of it. */
export function gateway({ anyone, staff, apps }: Installation): void {
  it("says at / what is served here", async () => {
    const answer = await anyone.get("/");
    expect(answer.status).toBe(200);
    const served = answer.json<{ apps: { name: string; path: string; docs: string; health: string }[] }>().apps;
    expect(served.map(({ name }) => name).sort()).toEqual([...apps, "auth"].sort());
    for (const { docs, health } of served) {
      expect((await anyone.get(docs)).status, docs).toBe(200);
      expect((await anyone.get(health)).status, health).toBe(200);
    }
  });

  it("tells the health of all apps at once", async () => {
    // A busy machine may hold an app or the gateway up for a moment, which is told for a minute.
    await vi.waitFor(async () => {
      const answer = await anyone.get("/health");
      expect(answer.status, answer.text).toBe(200);
      const { status, checks } = answer.json<{ status: string; checks: Record<string, { status: string }> }>();
      expect(["ok", "degraded"]).toContain(status);
      const ofApps = Object.keys(checks).filter((name) => name !== "event loop");
      expect(ofApps.sort()).toEqual([...apps, "auth"].sort());
    }, 10_000);
  });

  it("merges the documents of all apps into one that lists every path", async () => {
    const merged = await fetchDocument(anyone, "/openapi.json");
    expect(merged.openapi).toMatch(/^3\.1\./);
    for (const app of [...apps, "auth"]) {
      const own = await fetchDocument(anyone, `/${app}/openapi.json`);
      expect(Object.keys(merged.paths)).toEqual(expect.arrayContaining(Object.keys(own.paths)));
    }
    const references = [...JSON.stringify(merged).matchAll(/"#\/components\/schemas\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(10);
    const schemas = new Set(Object.keys(merged.components?.schemas ?? {}));
    expect(references.map((found) => found[1] ?? "").filter((name) => !schemas.has(name))).toEqual([]);
  });

  it("shows them at /docs without any other host", async () => {
    const page = await anyone.get("/docs");
    expect(page.status).toBe(200);
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((found) => found[1] ?? "");
    expect(links).toContain("/openapi.json");
    for (const link of links) {
      expect(link).toMatch(/^\/(?!\/)/);
      expect((await anyone.get(link)).status, link).toBe(200);
    }
  });

  describe("a path", () => {
    it.each([
      "/queue/../social/posts",
      "/social/posts/..%2f..%2fqueue",
      "/queue/%2e%2e/social/posts",
      "/queue/.%2E/auth/me",
      "//queue/count",
      "/queue//count",
      "/queue\\count",
      "/queue/%5c..%5csocial",
      "/./queue/count",
      "/queue/.",
      "/queue/count#part",
    ])("that could be read in two ways is refused: %s", async (path) => {
      expectProblem(await staff.get(path), 400);
    });

    it.each(["/QUEUE/count", "/queuex/count", "/queue;a=1/count", "/%71ueue/count", "/nothing", "/favicon.ico"])(
      "that belongs to no app is 404: %s",
      async (path) => {
        expectProblem(await staff.get(path), 404);
      },
    );
  });

  it("keeps its own prefix for itself: an app's answer never comes without the app's guard", async () => {
    const headers = { "X-Account": "1", "X-User-Id": "1", "X-Forwarded-User": "admin", "X-Original-URL": "/auth/me" };
    expectProblem(await anyone.with(headers).get("/queue/count"), 401);
  });

  it("shows its metrics to nobody who may not see them", async () => {
    expect([401, 403, 404]).toContain((await anyone.get("/metrics")).status);
  });

  it("refuses methods that nothing takes", async () => {
    for (const method of ["TRACE", "PROPFIND"]) {
      const { status } = await anyone.send(method, "/queue/count");
      expect([401, 404, 405, 501], method).toContain(status);
    }
  });

  it("refuses a head that is too large, and goes on", async () => {
    expectProblem(await anyone.with({ "X-Large": "x".repeat(40_000) }).get("/health"), 431);
    expect((await anyone.get("/health")).status).toBe(200);
  });
}
