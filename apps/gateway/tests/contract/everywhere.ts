import { describe, expect, it, vi } from "vitest";
import type { AppName, Installation } from "../harness/installation.ts";
import { fetchDocument } from "../harness/operations.ts";
import { expectProblem } from "../harness/problem.ts";

const elsewhere = { Origin: "https://shop.example" };

/** What every app has beside its own calls: health, document, docs, request ids, CORS, 404 and 405. */
export function everywhere({ anyone, staff, apps }: Installation, app: AppName | "auth"): void {
  const prefix = `/${app}`;

  describe(`everywhere in ${app}`, () => {
    it("is described by an OpenAPI 3.1 document, every path below its prefix", async () => {
      const document = await fetchDocument(anyone, `${prefix}/openapi.json`);
      expect(document.openapi).toMatch(/^3\.1\./);
      const paths = Object.keys(document.paths);
      expect(paths.length).toBeGreaterThan(3);
      expect(paths.filter((path) => !`${path}/`.startsWith(`${prefix}/`) && !path.startsWith("/.well-known/"))).toEqual(
        [],
      );
    });

    it("tells its health to anybody", async () => {
      // A busy machine may hold an app up for a moment, which is told for a minute.
      await vi.waitFor(async () => {
        const answer = await anyone.get(`${prefix}/health`);
        expect(answer.status).toBe(200);
        const { status, checks } = answer.json<{ status: string; checks: Record<string, { status: string }> }>();
        const unwell = Object.entries(checks).filter(([, check]) => check.status !== "ok");
        expect(unwell.filter(([name]) => name !== "event loop")).toEqual([]);
        expect(status).toBe(unwell.length > 0 ? "degraded" : "ok");
        expect(Object.keys(checks).length).toBeGreaterThan(0);
      }, 10_000);
    });

    it("answers 404 for a path that is not there and 405 with Allow for a method that it has not", async () => {
      expectProblem(await staff.get(`${prefix}/there/is/nothing/here`), 404);
      const answer = await staff.post(`${prefix}/health`, {});
      expectProblem(answer, 405);
      expect(answer.headers.allow).toContain("GET");
    });

    it("takes a request id over and makes one otherwise", async () => {
      const taken = await anyone.with({ "X-Request-Id": "mine-1.2:3" }).get(`${prefix}/health`);
      expect(taken.headers["x-request-id"]).toBe("mine-1.2:3");
      const problem = expectProblem(await anyone.with({ "X-Request-Id": "mine-2" }).get(`${prefix}/health?a=1`), 400);
      expect(problem).toMatchObject({ requestId: "mine-2", instance: `${prefix}/health` });
      const made = await anyone.get(`${prefix}/health`);
      expect(made.headers["x-request-id"]).toMatch(/^[\w-]{16,}$/);
      const refused = await anyone.with({ "X-Request-Id": 'a b"<script>' }).get(`${prefix}/health`);
      expect(refused.headers["x-request-id"]).toMatch(/^[\w-]{16,}$/);
    });

    it("lets a page of another origin call it", async () => {
      const preflight = await anyone.send("OPTIONS", `${prefix}/health`, undefined, {
        headers: {
          ...elsewhere,
          "Access-Control-Request-Method": "POST",
          "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
        },
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers["access-control-allow-origin"]).toBe("*");
      expect(preflight.headers["access-control-allow-methods"]).toContain("POST");
      expect(preflight.headers["access-control-allow-headers"]).toMatch(/authorization.*idempotency-key/i);
      const actual = await anyone.with(elsewhere).get(`${prefix}/health`);
      expect(actual.headers["access-control-allow-origin"]).toBe("*");
      expect(actual.headers["access-control-expose-headers"]).toContain("X-Request-Id");
      const refused = await anyone.with(elsewhere).get(`${prefix}/there/is/nothing/here`);
      expect(refused.headers["access-control-allow-origin"]).toBe("*");
    });

    it("shows its documentation without any other host", async () => {
      const page = await anyone.get(`${prefix}/docs`);
      expect(page.status).toBe(200);
      expect(page.headers["content-type"]).toContain("text/html");
      expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
      const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((found) => found[1] ?? "");
      expect(links).toContain(`${prefix}/openapi.json`);
      for (const link of links) {
        expect(link).toMatch(/^\/(?!\/)/);
        // An app that runs alone leads from the root to itself.
        expect((await anyone.get(link)).status, link).toBe(link === "/" && apps.length === 1 ? 307 : 200);
      }
    });
  });
}
