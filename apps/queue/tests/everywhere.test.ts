import { expectProblem } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../src/app.ts";
import { type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
});
afterAll(() => open[Symbol.asyncDispose]());

const calls: [method: string, path: string, needs: "account" | "staff", body?: unknown][] = [
  ["POST", "/queue/push", "account", 1],
  ["POST", "/queue/pop", "account"],
  ["GET", "/queue/count", "account"],
  ["GET", "/queue/info", "staff"],
  ["GET", "/queue/queues", "account"],
  ["PUT", "/queue/queues/x", "account", {}],
  ["GET", "/queue/queues/x", "account"],
  ["DELETE", "/queue/queues/x", "account"],
  ["POST", "/queue/queues/x/purge", "account"],
  ["POST", "/queue/queues/x/messages", "account", { body: 1 }],
  ["GET", "/queue/queues/x/messages", "account"],
  ["GET", "/queue/queues/x/messages/y", "account"],
  ["PATCH", "/queue/queues/x/messages/y", "account", { delaySeconds: 1 }],
  ["DELETE", "/queue/queues/x/messages/y", "account"],
  ["POST", "/queue/queues/x/receive", "account", {}],
  ["POST", "/queue/queues/x/ack", "account", { receipts: ["x"] }],
  ["POST", "/queue/queues/x/nack", "account", { receipts: ["x"] }],
  ["POST", "/queue/queues/x/extend", "account", { receipts: ["x"], visibilitySeconds: 1 }],
  ["POST", "/queue/queues/x/redrive", "account", {}],
  ["GET", "/queue/queues/x/redrives", "account"],
  ["GET", "/queue/queues/x/redrives/y", "account"],
  ["DELETE", "/queue/queues/x/redrives/y", "account"],
  ["GET", "/queue/queues/x/subscriptions", "account"],
  ["PUT", "/queue/queues/x/subscriptions/y", "account", { url: "https://example.com/" }],
  ["GET", "/queue/queues/x/subscriptions/y", "account"],
  ["DELETE", "/queue/queues/x/subscriptions/y", "account"],
  ["GET", "/queue/schedules", "account"],
  ["PUT", "/queue/schedules/x", "account", { cron: "@daily", queue: "x", body: 1 }],
  ["GET", "/queue/schedules/x", "account"],
  ["DELETE", "/queue/schedules/x", "account"],
  ["GET", "/queue/queues/x/access", "account"],
  ["PUT", "/queue/queues/x/access", "account", {}],
];

describe.each(calls)("%s %s", (method, path, needs, body) => {
  it("requires an account before anything else is checked", async () => {
    const app = createApp(open.deps);
    for (const Authorization of [undefined, "Basic !", "Bearer x", "Digest x", `Basic ${btoa("nobody:wrong")}`]) {
      const response = await app.request(`${path}?unknown=1`, {
        method,
        headers: Authorization ? { Authorization } : {},
        ...(body === undefined ? {} : { body: "{" }),
      });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toMatch(/Bearer.*Basic/);
    }
  });

  it("accepts Basic and Bearer credentials", async () => {
    const { basic } = needs === "staff" ? open.people.staff : open.people.plain;
    const response = await open.request(method, path, { body, headers: { Authorization: basic } });
    expect([200, 201, 204, 404]).toContain(response.status);
  });

  it("names an unknown query parameter", async () => {
    const as = needs === "staff" ? open.people.staff : open.people.plain;
    expectProblem(await open.request(method, `${path}?surprise=1`, { as, body }), 400, "surprise");
  });

  it.runIf(needs === "staff")("is for staff only", async () => {
    const bad = body === undefined ? {} : { body: "{" };
    expectProblem(await open.request(method, `${path}?surprise=1`, bad), 403);
  });

  it.runIf(path.includes("/x"))("rejects an invalid queue name", async () => {
    const as = needs === "staff" ? open.people.staff : open.people.plain;
    for (const name of ["a%20b", "%7Bx%7D", "*", "a.b", "x".repeat(81), "%00", "%F0%9F%98%80", "'%20OR%201=1--"]) {
      const response = await open.request(method, path.replace("/x", `/${name}`), { as, body });
      expectProblem(response, 400, "name");
    }
  });

  it.runIf(body !== undefined)("accepts JSON only", async () => {
    const as = needs === "staff" ? open.people.staff : open.people.plain;
    // The body of a redrive may be left out.
    const wrong = path.endsWith("/redrive") ? ["{", '{"a":}'] : ["", "{", '{"a":}'];
    for (const text of wrong) expectProblem(await open.request(method, path, { as, body: text }), 400);
    const headers = { "Content-Type": "text/plain" };
    expectProblem(await open.request(method, path, { as, body: "{}", headers }), 415);
    const tooLarge = (path.endsWith("/messages") ? 4 : 1) * 1024 * 1024;
    expectProblem(await open.request(method, path, { as, body: `"${"x".repeat(tooLarge)}"` }), 413);
  });
});

it.each(["/queue/pop", "/queue/queues/x/purge", "/queue/queues/x/redrive"])(
  "POST %s rejects unknown fields",
  async (path) => {
    const as = open.people.staff;
    const headers = { "Content-Length": "9" };
    expectProblem(await open.request("POST", path, { as, body: '{"all":1}', headers }), 422, "all");
    expectProblem(await open.request("POST", path, { as, body: "{", headers }), 400);
    expect([200, 404]).toContain((await open.request("POST", path, { as, body: "{}", headers })).status);
  },
);

describe("the app", () => {
  it("tells anyone its status and the health of Redis", async () => {
    const app = createApp(open.deps);
    const running = await app.request("/queue");
    expect([running.status, await running.json()]).toEqual([
      200,
      { status: "running", version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
    ]);
    const health = await app.request("/queue/health");
    expect(health.status).toBe(200);
    expect(await health.json()).toEqual({
      status: "ok",
      checks: { redis: { status: "ok", ms: expect.any(Number) }, queues: { status: "ok", ms: expect.any(Number) } },
    });
  });

  it("gives staff server information without secrets and paths", async () => {
    const response = await open.request("GET", "/queue/info", { as: open.people.staff });
    expect(response.status).toBe(200);
    expect(response.json()).toMatchObject({
      system: { node: process.version, load: expect.any(Array), memory: { processBytes: expect.any(Number) } },
      redis: { version: expect.stringMatching(/^\d+\./), keys: expect.any(Number), role: "master" },
    });
    expect(response.text).not.toMatch(/\/|password|requirepass|redis_build|executable/i);
  });

  it("responds to unknown paths and methods with problems", async () => {
    expectProblem(await open.request("GET", "/queue/nothing"), 404);
    const wrong = await open.request("GET", "/queue/push");
    expectProblem(wrong, 405);
    expect(wrong.headers.get("allow")).toBe("POST");
    const queue = await open.request("PATCH", "/queue/queues/x");
    expect([queue.status, queue.headers.get("allow")]).toEqual([405, "DELETE, GET, PUT"]);
  });

  it("describes every operation", async () => {
    const document = (await open.request("GET", "/queue/openapi.json")).json<{
      paths: Record<string, Record<string, { security?: object[] }>>;
    }>();
    for (const [method, path] of calls) {
      const described = document.paths[path.replace("/x", "/{name}").replace("/y", "/{id}")]?.[method.toLowerCase()];
      const scope = [expect.stringMatching(/^queue:/)];
      expect(described?.security).toEqual([{ basic: [] }, { bearer: scope }, { oauth: scope }]);
    }
    expect(document.paths["/queue"]?.get?.security).toEqual([]);
  });
});

describe("login", () => {
  const login = (form: Record<string, string> | string, headers: Record<string, string> = {}) =>
    open.request("POST", "/queue/login", {
      body: new URLSearchParams(form).toString(),
      headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
    });

  it("issues tokens for a username or email and password", async () => {
    const { username, password, account } = open.people.plain;
    for (const form of [
      { username, password },
      { username: account.email, password, grant_type: "password" },
    ]) {
      const response = await login(form);
      expect(response.status, response.text).toBe(200);
      expect(response.headers.get("cache-control")).toBe("no-store");
      const tokens = response.json<{ access_token: string }>();
      expect(tokens).toMatchObject({ token_type: "Bearer", refresh_token: expect.any(String) });
      const headers = { Authorization: `Bearer ${tokens.access_token}` };
      expect((await open.request("GET", "/queue/count", { headers })).status).toBe(200);
    }
  });

  it.each([
    ["a wrong password", { username: "plain", password: "wrong" }, "invalid_grant"],
    ["an unknown name", { username: "' OR 1=1 --", password: "x" }, "invalid_grant"],
    ["no password", { username: "plain" }, "invalid_request"],
    ["no username", { password: "x" }, "invalid_request"],
    ["nothing", "", "invalid_request"],
    ["a name that comes twice", "username=a&username=b&password=x", "invalid_request"],
    ["another grant", { grant_type: "refresh_token", refresh_token: "x" }, "unsupported_grant_type"],
  ])("rejects %s in the form of RFC 6749", async (_, form, error) => {
    const response = await login(form as Record<string, string>);
    expect([response.status, response.json().error]).toEqual([400, error]);
  });

  it("accepts a form only", async () => {
    const response = await login("username=a&password=b", { "Content-Type": "application/json" });
    expect([response.status, response.json().error]).toEqual([400, "invalid_request"]);
  });
});
