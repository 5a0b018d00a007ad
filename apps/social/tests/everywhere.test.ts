import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { social as definition } from "../src/index.ts";
import { type OpenSocial, openSocial } from "./open-social.ts";

let social: OpenSocial;
beforeAll(async () => {
  social = await openSocial();
});
afterAll(() => social[Symbol.asyncDispose]());

const needAccount = [
  ["GET", "/posts"],
  ["POST", "/posts"],
  ["GET", "/posts/1"],
  ["PUT", "/posts/1"],
  ["PATCH", "/posts/1"],
  ["DELETE", "/posts/1"],
  ["GET", "/posts/1/history"],
  ["GET", "/posts/1/votes"],
  ["PUT", "/posts/1/bookmark"],
  ["DELETE", "/posts/1/bookmark"],
  ["GET", "/bookmarks"],
  ["POST", "/images"],
  ["GET", "/posts/1/comments"],
  ["POST", "/posts/1/comments"],
  ["GET", "/comments/1"],
  ["PATCH", "/comments/1"],
  ["DELETE", "/comments/1"],
  ["PUT", "/comments/1/vote"],
  ["DELETE", "/comments/1/vote"],
  ["POST", "/vote"],
  ["GET", "/users/1"],
  ["GET", "/users/me"],
  ["PATCH", "/users/me"],
  ["GET", "/users/1/posts"],
  ["GET", "/home"],
  ["GET", "/feed"],
  ["GET", "/users/1/followers"],
  ["PUT", "/users/1/follow"],
  ["DELETE", "/users/1/block"],
  ["GET", "/tags/1"],
  ["GET", "/search"],
] as const;
const withBody = [
  ["POST", "/users"],
  ["POST", "/posts"],
  ["PUT", "/posts/1"],
  ["PATCH", "/posts/1"],
  ["POST", "/posts/1/comments"],
  ["POST", "/vote"],
] as const;
const json = { "Content-Type": "application/json" };

describe.each(needAccount)("%s %s", (method, path) => {
  test("requires an account before anything else is checked", async () => {
    for (const authorization of [undefined, "Bearer forged", "Basic bm9ib2R5Ondyb25n", "Digest x"]) {
      const headers = { ...(authorization && { Authorization: authorization }), ...json, "Idempotency-Key": "" };
      const body = method === "GET" ? {} : { body: "{ not json" };
      const response = await social.send(method, `${path}?unknown=1`, { headers, ...body });
      expect(response.status, response.text).toBe(401);
      expect(response.headers.get("www-authenticate")).toMatch(/Bearer.*Basic/);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
    }
  });

  test("accepts Basic and Bearer credentials", async () => {
    const headers = { Authorization: social.accounts.plain.basic };
    expect((await social.send(method, path, { headers })).status).not.toBe(401);
  });
});

describe.each(withBody)("%s %s", (method, path) => {
  const send = (body: string | undefined, headers: Record<string, string>) =>
    social.send(method, path, { by: social.accounts.plain, headers, ...(body !== undefined && { body }) });

  test("rejects a body that is not JSON", async () => {
    expect((await send("{ not json", json)).status).toBe(400);
    expect((await send("", json)).status).toBe(400);
    expect((await send("[]", json)).status).toBe(422);
    expect((await send("null", json)).status).toBe(422);
    expect((await send('"text"', json)).status).toBe(422);
    expect((await send("{}", { "Content-Type": "text/plain" })).status).toBe(415);
    expect((await send("title=a&content=b", { "Content-Type": "application/x-www-form-urlencoded" })).status).toBe(415);
  });

  test("rejects a body of more than 1 MiB", async () => {
    expect((await send(JSON.stringify({ title: "x".repeat(1 << 20) }), json)).status).toBe(413);
  });

  test("rejects an unknown query parameter by name", async () => {
    const response = await social.send(method, `${path}?dryRun=1`, { by: social.accounts.plain, json: {} });
    expect([response.status, response.body.errors?.[0]?.path]).toEqual([400, "dryRun"]);
  });
});

test("an unsupported method is a 405 with Allow", async () => {
  for (const [method, path, allow] of [
    ["POST", "/posts/1", "DELETE, GET, PATCH, PUT"],
    ["DELETE", "/posts", "GET, POST"],
    ["GET", "/vote", "POST"],
    ["GET", "/login", "POST"],
  ] as const) {
    const response = await social.send(method, path, { by: social.accounts.plain });
    expect([response.status, response.headers.get("allow")]).toEqual([405, allow]);
  }
  expect((await social.send("GET", "/nothing", { by: social.accounts.plain })).status).toBe(404);
});

describe("a browser of another origin", () => {
  const headers = { Origin: "https://friend.example" };

  test("may send a preflight request without an account", async () => {
    const response = await social.send("OPTIONS", "/posts/1", {
      headers: {
        ...headers,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://friend.example");
    expect(response.headers.get("access-control-allow-methods")).toContain("PUT");
    expect(response.headers.get("access-control-allow-headers")).toBe("authorization,content-type,idempotency-key");
  });

  test("may read responses and errors, and the headers of lists", async () => {
    for (const by of [social.accounts.plain, undefined]) {
      const response = await social.send("GET", "/posts", { headers, ...(by && { by }) });
      expect(response.headers.get("access-control-allow-origin")).toBe("https://friend.example");
      expect(response.headers.get("access-control-expose-headers")).toMatch(/Link.*Location/);
    }
  });

  test("may not when its origin is not allowed", async () => {
    const response = await social.send("GET", "/posts", { headers: { Origin: "https://stranger.example" } });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });
});

test("health names the stores, the document names every route and its security", async () => {
  const health = await social.send<{ status: string; checks: object }>("GET", "/health");
  expect([health.status, health.body.status, Object.keys(health.body.checks)]).toEqual([
    200,
    "ok",
    ["postgres", "redis"],
  ]);
  const { body } = await social.send<{ paths: Record<string, Record<string, { security: object[] }>> }>(
    "GET",
    "/openapi.json",
  );
  const named = ["health", "login", "posts", "posts/{id}", "users", "users/{id}", "vote"];
  expect(Object.keys(body.paths)).toEqual(expect.arrayContaining(named.map((path) => `/social/${path}`)));
  for (const [method, path] of needAccount) {
    const route =
      body.paths[`/social${path.replace("/1", path.startsWith("/tags") ? "/{tag}" : "/{id}")}`]?.[method.toLowerCase()];
    const scope = [expect.stringMatching(/^social:(read|write)$/)];
    expect(route?.security).toEqual([{ basic: [] }, { bearer: scope }, { oauth: scope }]);
  }
  expect((await social.send("GET", "/docs")).text).toContain("/social/openapi.json");
});

test("an unavailable store is a 503 that reveals nothing of it", async () => {
  const { accounts, config } = social;
  const unreachable = { ...config, POSTGRES_URL: "postgres://nobody:secret@127.0.0.1:1/nothing" } as typeof config;
  await using deps = definition.createDeps(unreachable, { log: social.deps.log, auth: accounts.auth });
  const app = createApp(deps);
  const headers = { Authorization: accounts.plain.bearer };
  for (const path of ["posts", "posts/1", "users/1", "posts?search=x"]) {
    const response = await app.request(`/social/${path}`, { headers });
    const text = await response.text();
    expect(response.status, text).toBe(503);
    expect(text).not.toMatch(/127\.0\.0\.1|secret|select/i);
  }
  const health = await app.request("/social/health");
  expect([health.status, await health.json()]).toMatchObject([503, { checks: { postgres: { status: "failing" } } }]);
});
