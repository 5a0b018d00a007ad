import { createRoute, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { connectRedis, type Redis, redisIdempotency, runOnce } from "@quintet/db";
import { recordsInMemory, testPrefix } from "@quintet/db/testing";
import { createLogger, createService, idempotent, jsonBody, jsonResponse } from "@quintet/http";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type TestAccount, type TestAuth, testAuth } from "../src/testing.ts";

let issuer: TestAuth;
let redis: Redis;
let app: ReturnType<typeof guardedApp>;
let made = 0;

beforeAll(async () => {
  issuer = await testAuth(inject("mysqlUrl"));
  redis = connectRedis(inject("redisUrl"), { prefix: testPrefix(), onError: () => {} });
  app = guardedApp();
});
afterAll(async () => {
  redis.disconnect();
  await issuer[Symbol.asyncDispose]();
});

const answer = z.object({ id: z.number().optional(), made: z.number().optional() });

/** An app with one route behind each guard; all refuse unknown query parameters, the POST ones unknown fields. */
function guardedApp() {
  const guard = guards(issuer.auth);
  const once = idempotent(redisIdempotency(redis));
  const log = createLogger({ service: "guarded", level: "silent" });
  const service = createService({ title: "Guarded", version: "1", prefix: "/g", log, corsOrigins: [], checks: {} });
  const request = { query: z.strictObject({}) };
  const responses = { 200: jsonResponse(answer, "Who you are") };
  const post = { request: { ...request, ...jsonBody(z.strictObject({ name: z.string() })) }, responses };
  service.openapi(createRoute({ ...guard.open(), method: "get", path: "/open", request, responses }), (c) =>
    c.json({}, 200),
  );
  service.openapi(
    createRoute({ ...guard.anyone("social:read"), method: "get", path: "/anyone", request, responses }),
    (c) => c.json(c.var.account ? { id: c.var.account.id } : {}, 200),
  );
  service.openapi(
    createRoute({ ...guard.account("social:read"), method: "get", path: "/account", request, responses }),
    (c) => c.json({ id: c.var.account.id }, 200),
  );
  service.openapi(
    createRoute({ ...guard.staff("queue:manage"), method: "get", path: "/staff", request, responses }),
    (c) => c.json({ id: c.var.account.id }, 200),
  );
  service.openapi(createRoute({ ...guard.account(), method: "get", path: "/unnamed", request, responses }), (c) =>
    c.json({ id: c.var.account.id }, 200),
  );
  const records = recordsInMemory();
  const make = async () => ++made;
  service.openapi(createRoute({ ...guard.open(once), method: "post", path: "/open", ...post }), async (c) =>
    c.json({ made: await runOnce(records, c.var.keyed, make) }, 200),
  );
  service.openapi(
    createRoute({ ...guard.account("social:write", once), method: "post", path: "/account", ...post }),
    async (c) => c.json({ id: c.var.account.id, made: await runOnce(records, c.var.keyed, make) }, 200),
  );
  return service;
}

const get = async (path: string, authorization?: string) =>
  app.request(`/g${path}`, authorization ? { headers: { Authorization: authorization } } : {});
const post = async (path: string, body: object, headers: Record<string, string>) =>
  app.request(`/g${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", ...headers },
  });
const people = (): [string, TestAccount][] => [
  ["staff", issuer.staff],
  ["plain", issuer.plain],
];

test("open looks at no credentials", async () => {
  for (const authorization of [undefined, "Bearer bad", issuer.plain.basic]) {
    const open = await get("/open", authorization);
    expect([open.status, await open.json()]).toEqual([200, {}]);
  }
  expect((await get("/open?x=1")).status).toBe(400);
});

test("anyone takes good credentials or none", async () => {
  expect(await (await get("/anyone")).json()).toEqual({});
  for (const [, { basic, bearer, account }] of people()) {
    for (const authorization of [basic, bearer]) {
      expect(await (await get("/anyone", authorization)).json()).toEqual({ id: account.id });
    }
  }
  expect((await get("/anyone", "Bearer bad")).status).toBe(401);
});

test("account and staff know who it is", async () => {
  for (const [name, { basic, bearer, account }] of people()) {
    for (const authorization of [basic, bearer, bearer.replace("Bearer", "bEARER")]) {
      expect(await (await get("/account", authorization)).json()).toEqual({ id: account.id });
      expect((await get("/staff", authorization)).status).toBe(name === "staff" ? 200 : 403);
    }
  }
});

describe("a token that is narrowed", () => {
  const narrowed = async (who: TestAccount, scope: string) =>
    `Bearer ${(await issuer.auth.passwordGrant(who.username, who.password, { scope }))?.access_token}`;

  test("is good for what it names and a 403 elsewhere, before the shape", async () => {
    const reader = await narrowed(issuer.plain, "social:read queue:send");
    for (const path of ["/anyone", "/account", "/open"]) expect((await get(path, reader)).status).toBe(200);
    const refused = await get("/account?x=1", await narrowed(issuer.plain, "queue:send"));
    expect(refused.status).toBe(403);
    expect(refused.headers.get("www-authenticate")).toBe(
      'Bearer realm="quintet", error="insufficient_scope", scope="social:read"',
    );
    expect((await get("/anyone", await narrowed(issuer.plain, "queue:send"))).status).toBe(403);
    expect((await post("/account", { unknown: 1 }, { Authorization: reader })).status).toBe(403);
  });

  test("is never good where no scope is named", async () => {
    expect((await get("/unnamed", await narrowed(issuer.plain, "social:read social:write"))).status).toBe(403);
    expect((await get("/unnamed", issuer.plain.bearer)).status).toBe(200);
  });

  test("does not make staff of anybody", async () => {
    expect((await get("/staff", await narrowed(issuer.plain, "queue:manage"))).status).toBe(403);
    expect((await get("/staff", await narrowed(issuer.staff, "queue:manage"))).status).toBe(200);
    expect((await get("/staff", await narrowed(issuer.staff, "queue:send"))).status).toBe(403);
  });
});

describe("the order is who, may, shape", () => {
  test("401 with WWW-Authenticate before bad input", async () => {
    for (const path of ["/account?x=1", "/staff?x=1"]) {
      const refused = await get(path);
      expect(refused.status).toBe(401);
      expect(refused.headers.get("www-authenticate")).toBe(
        'Bearer realm="quintet", Basic realm="quintet", charset="UTF-8"',
      );
      expect(await refused.json()).toMatchObject({
        type: "urn:quintet:problem:unauthenticated",
        instance: path.replace(/^(.*)\?.*/, "/g$1"),
      });
    }
    const bad = await get("/account", "Bearer bad");
    expect(bad.headers.get("www-authenticate")).toMatch(/^Bearer realm="quintet", error="invalid_token"/);
    expect((await post("/account", { unknown: 1 }, { "Idempotency-Key": "k" })).status).toBe(401);
  });

  test("403 before bad input, then 400 and 422", async () => {
    expect((await get("/staff?x=1", issuer.plain.basic)).status).toBe(403);
    expect((await get("/staff?x=1", issuer.staff.basic)).status).toBe(400);
    expect((await post("/account", { name: 1 }, { Authorization: issuer.plain.bearer })).status).toBe(422);
  });

  test("401 before a body that is too large, then 413, with and without a length and a key", async () => {
    const name = "x".repeat(2 * 1024 * 1024);
    for (const more of [{}, { "Idempotency-Key": "large" }, { "Content-Length": String(name.length + 11) }]) {
      expect((await post("/account", { name }, more)).status).toBe(401);
      expect((await post("/account", { name }, { Authorization: issuer.plain.bearer, ...more })).status).toBe(413);
    }
  });
});

describe("with Idempotency-Key", () => {
  test("the same account gets the first answer again, another account its own", async () => {
    const send = (who: TestAccount, name = "a") =>
      post("/account", { name }, { Authorization: who.bearer, "Idempotency-Key": "same" });
    const first = await (await send(issuer.plain)).json();
    const again = await send(issuer.plain);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toEqual(first);
    expect((await send(issuer.plain, "b")).status).toBe(422);
    expect(await (await send(issuer.other)).json()).toMatchObject({ id: issuer.other.account.id });
  });

  test("on an open route too", async () => {
    const send = () => post("/open", { name: "a" }, { "Idempotency-Key": "open" });
    const first = await (await send()).json();
    expect(await (await send()).json()).toEqual(first);
  });

  test("a refused request is not remembered, nor is one without a key", async () => {
    const headers = { Authorization: issuer.plain.bearer };
    expect((await post("/account", { x: 1 }, { ...headers, "Idempotency-Key": "bad" })).status).toBe(422);
    const mended = await post("/account", { name: "a" }, { ...headers, "Idempotency-Key": "bad" });
    expect([mended.status, mended.headers.get("idempotency-replayed")]).toEqual([200, null]);
    const [one, two] = [await post("/account", { name: "a" }, headers), await post("/account", { name: "a" }, headers)];
    expect(await one.json()).not.toEqual(await two.json());
  });
});

test("the document tells what each route needs", async () => {
  const document = (await (await get("/openapi.json")).json()) as {
    paths: Record<string, Record<string, { security: object[] }>>;
  };
  const security = (path: string) => document.paths[`/g${path}`]?.get?.security;
  expect(security("/open")).toEqual([]);
  expect(security("/anyone")).toEqual([{}, { basic: [] }, { bearer: ["social:read"] }, { oauth: ["social:read"] }]);
  expect(security("/account")).toEqual([{ basic: [] }, { bearer: ["social:read"] }, { oauth: ["social:read"] }]);
  expect(security("/staff")).toEqual([{ basic: [] }, { bearer: ["queue:manage"] }, { oauth: ["queue:manage"] }]);
  expect(security("/unnamed")).toEqual([{ basic: [] }, { bearer: [] }, { oauth: [] }]);
});
