import { createRoute, z } from "@hono/zod-openapi";
import { describe, expect, it } from "vitest";
import { Problem } from "../errors/problem.ts";
import { createLogger } from "../observability/logger.ts";
import { jsonBody, jsonResponse } from "../openapi/openapi.ts";
import { bodyValidator } from "./body.ts";
import { createService } from "./service.ts";

const thing = z.strictObject({ count: z.number().int() });

function sample() {
  const app = createService({
    title: "Sample",
    version: "1.2.3",
    prefix: "/sample",
    log: createLogger({ service: "sample", level: "silent" }),
    corsOrigins: ["https://a.example"],
    maxBodyBytes: 1000,
    largeBodies: { paths: /^\/sample\/things\/99$/, maxBytes: 2000 },
    checks: { good: async () => {}, bad: () => Promise.reject(new Error("password=hunter2")) },
  });
  app.openapi(
    createRoute({
      middleware: bodyValidator,
      method: "post",
      path: "/things/{id}",
      request: {
        params: z.strictObject({ id: z.string().regex(/^\d+$/, "must be digits") }),
        query: z.strictObject({ dry: z.enum(["true", "false"]).optional() }),
        ...jsonBody(thing),
      },
      responses: { 201: jsonResponse(thing, "Made") },
    }),
    (c) => c.json(c.req.valid("json"), 201),
  );
  app.get("/boom", () => {
    throw new Error("SELECT secret FROM host.internal");
  });
  app.get("/away", () => {
    throw Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  });
  app.get("/conflict", () => {
    throw new Problem("conflict", "Taken.", { headers: { "X-Why": "taken" } });
  });
  return app;
}

const json = { "Content-Type": "application/json" };
const post = (path: string, body: string | Buffer<ArrayBuffer>, headers: Record<string, string> = json) =>
  sample().request(path, { method: "POST", body, headers });

describe("createService", () => {
  it("answers good input", async () => {
    const answer = await post("/sample/things/7?dry=true", '{"count":3}');
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual({ count: 3 });
  });

  it.each([
    ["an unknown query parameter", "/sample/things/7?dri=true", '{"count":3}', 400, "dri"],
    ["a bad query parameter", "/sample/things/7?dry=maybe", '{"count":3}', 400, "dry"],
    ["a bad path parameter", "/sample/things/x", '{"count":3}', 400, "id"],
    ["an unknown field", "/sample/things/7", '{"count":3,"cuont":4}', 422, "cuont"],
    ["a missing field", "/sample/things/7", "{}", 422, "count"],
  ])("names %s", async (_what, path, body, status, place) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    const problem = (await answer.json()) as { errors: { path: string }[]; requestId: string; instance: string };
    expect(problem.errors.map((fault) => fault.path)).toEqual([place]);
    expect(problem.requestId).toBe(answer.headers.get("x-request-id"));
    expect(problem.instance).toBe(path.split("?")[0]);
  });

  it.each([
    ["malformed JSON", '{"count"', json, 400],
    ["an empty body", "", json, 400],
    ["another content type", "count=3", { "Content-Type": "text/plain" }, 415],
    ["a body over the limit", `{"count":3,"x":"${"x".repeat(1000)}"}`, { ...json, "Content-Length": "1024" }, 413],
    ["a body that is not UTF-8", Buffer.from('{"count":3,"x":"\xff"}', "latin1"), json, 400],
  ])("refuses %s", async (_what, body, headers, status) => {
    expect((await post("/sample/things/7", body, headers)).status).toBe(status);
  });

  it("lets no handler read more than the limit, guard or none", async () => {
    const large = "x".repeat(2000);
    const app = sample();
    app.post("/unguarded", async (c) => c.text(await c.req.text()));
    const send = (body: string | ReadableStream, headers: Record<string, string>) =>
      app.request("/sample/unguarded", { method: "POST", body, headers, duplex: "half" } as RequestInit);
    expect((await send("small", { "Content-Length": "5" })).status).toBe(200);
    expect((await send(large, { "Content-Length": "2000" })).status).toBe(413);
    expect((await send(new Blob([large]).stream(), {})).status).toBe(413);
    const short = await send(new Blob(["small"]).stream(), {});
    expect([short.status, await short.text()]).toEqual([200, "small"]);
  });

  it("tells a wrong method from an unknown path", async () => {
    const wrong = await sample().request("/sample/things/7");
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("POST");
    expect((await sample().request("/sample/nothing")).status).toBe(404);
    expect((await sample().request("/elsewhere")).status).toBe(404);
  });

  it("says nothing of what went wrong inside", async () => {
    const answer = await sample().request("/sample/boom");
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toMatch(/SELECT|host|secret/);
  });

  it("answers 503 when a store is away, and a problem's own headers", async () => {
    const away = await sample().request("/sample/away");
    expect(away.status).toBe(503);
    expect(away.headers.get("retry-after")).toBe("2");
    expect((await sample().request("/sample/conflict")).headers.get("x-why")).toBe("taken");
  });

  it("names the failing check, and not why it fails", async () => {
    const answer = await sample().request("/sample/health");
    expect(answer.status).toBe(503);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({
      status: "failing",
      checks: { good: { status: "ok" }, bad: { status: "failing" } },
    });
    expect(text).not.toContain("hunter2");
  });

  it("takes a request id over when it is harmless, and makes one otherwise", async () => {
    const id = async (given: string) =>
      (await sample().request("/sample/health", { headers: { "X-Request-Id": given } })).headers.get("x-request-id");
    expect(await id("abc-123")).toBe("abc-123");
    expect(await id("a b")).toMatch(/^[0-9a-f-]{36}$/);
    expect(await id("x".repeat(129))).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("lets the configured origins in, also before credentials are asked for", async () => {
    const preflight = (origin: string) =>
      sample().request("/sample/things/7", {
        method: "OPTIONS",
        headers: { Origin: origin, "Access-Control-Request-Method": "POST" },
      });
    const answer = await preflight("https://a.example");
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://a.example");
    expect((await preflight("https://b.example")).headers.get("access-control-allow-origin")).toBeNull();
  });

  it("documents itself, with nothing from elsewhere", async () => {
    const document = (await (await sample().request("/sample/openapi.json")).json()) as Record<string, object>;
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths ?? {})).toContain("/sample/things/{id}");
    const page = await (await sample().request("/sample/docs")).text();
    expect(page).not.toMatch(/https?:\/\//);
    for (const [, asset] of page.matchAll(/(?:src|href)="([^"]+assets[^"]+)"/g)) {
      expect((await sample().request(asset as string)).status).toBe(200);
    }
    expect((await sample().request("/sample/docs/assets/package.json")).status).toBe(404);
  });
});
