import { randomBytes, randomUUID } from "node:crypto";
import { createRoute, z } from "@hono/zod-openapi";
import { newSigningKey } from "@quintet/accounts/testing";
import { type Auth, guards } from "@quintet/auth";
import { sendEntry } from "@quintet/auth/issuer";
import { connectMysql, connectRedis } from "@quintet/db";
import { testMysql, testPrefix } from "@quintet/db/testing";
import { type OpenedAuth, openAuth } from "@quintet/host";
import { createLogger, createService, type Listening, listenerOf, Problem, serve } from "@quintet/http";
import { type StoreProxy, storeProxy } from "@quintet/stores/testing";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { accounts } from "../src/index.ts";

const log = createLogger({ service: "auth", level: "silent" });
const admin = { username: "admin", password: "correct horse battery" };
const prefix = testPrefix();
const opened = new AsyncDisposableStack();
const done: string[] = [];
let mysqlUrl: string;
let mysql: StoreProxy;
let redis: StoreProxy;
let settings: (env: NodeJS.ProcessEnv) => NodeJS.ProcessEnv;
let issuerEnv: NodeJS.ProcessEnv;
let issuer: OpenedAuth | undefined;
let listening: Listening;
let remote: OpenedAuth;
let atIssuer: ReturnType<typeof guardedApp>;
let atRemote: ReturnType<typeof guardedApp>;
let staff: { Authorization: string };

/** An app where staff may do `/things/{id}`; what it did stands in `done`. */
function guardedApp(auth: Auth) {
  const service = createService({ title: "Things", version: "1", prefix: "/things", log, corsOrigins: [], checks: {} });
  const request = { params: z.strictObject({ id: z.string() }), query: z.strictObject({}) };
  const responses = { 204: { description: "Done" } };
  const route = (method: "get" | "post" | "delete") =>
    createRoute({ ...guards(auth).staff(), method, path: "/{id}", request, responses });
  service.openapi(route("get"), (c) => c.body(null, 204));
  service.openapi(route("delete"), () => {
    throw new Problem("conflict", "It is in use.");
  });
  service.openapi(route("post"), (c) => {
    done.push(c.req.valid("param").id);
    return c.body(null, 204);
  });
  return service;
}

async function start(): Promise<void> {
  issuer = await openAuth(settings(issuerEnv), accounts, log);
  const app = issuer.app ?? { fetch: () => new Response() };
  const port = listening?.port ?? 0;
  listening = await serve(listenerOf(app), { port, host: "127.0.0.1", log, drainSeconds: 0 });
  atIssuer = guardedApp(issuer.auth);
}
async function stop(): Promise<void> {
  await listening.close();
  await issuer?.[Symbol.asyncDispose]();
  issuer = undefined;
}

beforeAll(async () => {
  const database = opened.use(await testMysql(inject("mysqlUrl")));
  mysqlUrl = database.url;
  mysql = opened.use(await storeProxy(database.url));
  redis = opened.use(await storeProxy(inject("redisUrl")));
  const shared = { QUINTET_SECRET: randomBytes(32).toString("hex"), REDIS_URL: redis.url, REDIS_PREFIX: prefix };
  settings = (env) => ({ ...shared, ...env });
  issuerEnv = {
    MYSQL_URL: mysql.url,
    AUTH_SIGNING_KEY: newSigningKey(),
    ADMIN_USERNAME: admin.username,
    ADMIN_PASSWORD: admin.password,
  };
  await start();
  remote = opened.use(await openAuth(settings({ AUTH_URL: `http://127.0.0.1:${listening.port}` }), accounts, log));
  atRemote = guardedApp(remote.auth);
  const tokens = await issuer?.auth.passwordGrant(admin.username, admin.password);
  staff = { Authorization: `Bearer ${tokens?.access_token}` };
});
afterAll(async () => {
  await stop();
  await opened.disposeAsync();
});

const act = async (app: typeof atRemote, id: string, method = "POST") =>
  (await app.request(`/things/${id}`, { method, headers: { ...staff, "X-Request-Id": `r-${id}` } })).status;
const events = async (query: string) => {
  const request = new Request(`http://localhost/auth/audit?${query}`, { headers: staff });
  const answer = (await (await issuer?.app?.fetch(request, {}))?.json()) as { events: Record<string, unknown>[] };
  return answer.events;
};
const within = { timeout: 15_000, interval: 20 };
/** Waits until a request's action stands in the log with its outcome, once. */
const expectLine = (id: string, status: number | null) =>
  vi.waitFor(async () => expect(await events(`requestId=r-${id}`)).toMatchObject([{ status }]), within);

describe.each(["the issuer's process", "a process behind it"])("in %s", (place) => {
  const app = () => (place === "a process behind it" ? atRemote : atIssuer);
  const name = place.length;

  test("an action of staff is told with who, what, when, from where, in which request, and how it ended", async () => {
    expect(await act(app(), `told${name}`)).toBe(204);
    await expectLine(`told${name}`, 204);
    expect(await events(`requestId=r-told${name}`)).toEqual([
      {
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        actorId: 1,
        accountId: null,
        action: "staff-action",
        subject: null,
        address: null,
        requestId: `r-told${name}`,
        method: "POST",
        route: "/things/:id",
        path: `/things/told${name}`,
        status: 204,
      },
    ]);
  });

  test("so is one that fails; reading is not, nor whoever is no staff", async () => {
    expect(await act(app(), `fails${name}`, "DELETE")).toBe(409);
    await expectLine(`fails${name}`, 409);
    expect(await act(app(), `read${name}`, "GET")).toBe(204);
    const stranger = await app().request("/things/x", { method: "POST", headers: { "X-Request-Id": "r-stranger" } });
    expect(stranger.status).toBe(401);
    expect(await events(`requestId=r-read${name}`)).toEqual([]);
    expect(await events("requestId=r-stranger")).toEqual([]);
  });
});

test("while MySQL is away staff goes on, and the log knows it afterwards", async () => {
  await mysql.cut();
  expect(await Promise.all([act(atRemote, "away1"), act(atIssuer, "away2")])).toEqual([204, 204]);
  await mysql.restore();
  await expectLine("away1", 204);
  await expectLine("away2", 204);
});

test("while the issuer is away its log waits in Redis, each line once, whoever sends it twice", async () => {
  await stop();
  expect(await Promise.all(["late1", "late2", "late3"].map((id) => act(atRemote, id)))).toEqual([204, 204, 204]);
  const direct = connectRedis(inject("redisUrl"), { prefix: `${prefix}auth:`, onError: () => {} });
  const entry = { kind: "begun", at: "2026-01-01T00:00:00.000Z", actorId: 1, address: null } as const;
  const twice = { ...entry, eventId: randomUUID(), method: "PUT", route: "/x", path: "/x", requestId: "r-twice" };
  for (const each of [twice, twice]) await sendEntry(direct, each);
  await start();
  for (const id of ["late1", "late2", "late3"]) await expectLine(id, 204);
  await expectLine("twice", null);
  await vi.waitFor(async () => expect(await direct.xlen("audit")).toBe(0), within);
  direct.disconnect();
});

test("what cannot be noted is not done", async () => {
  await redis.cut();
  const refused = await atRemote.request("/things/unseen", { method: "POST", headers: staff });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
  expect(await act(atIssuer, "seen")).toBe(204);
  await mysql.cut();
  expect(await act(atIssuer, "unseen")).toBe(503);
  await Promise.all([mysql.restore(), redis.restore()]);
  await expectLine("seen", 204);
  expect(done).not.toContain("unseen");
  await vi.waitFor(async () => expect(await act(atRemote, "again")).toBe(204), within);
  await expectLine("again", 204);
});

test("sign-ins are told, good and refused, and the first staff account; what was typed is not", async () => {
  expect(await events("action=first-staff-made")).toMatchObject([{ accountId: 1, actorId: null }]);
  expect((await events("action=signed-in&accountId=1")).length).toBeGreaterThan(0);
  for (const login of ["admin", "admin", "my password"]) await issuer?.auth.passwordGrant(login, "wrong");
  await vi.waitFor(async () => {
    const refused = await events("action=sign-in-refused");
    expect(refused).toMatchObject([{ accountId: null, subject: null }, { accountId: 1 }]);
  }, within);
});

test("the database itself refuses to change or remove a line", async () => {
  const pool = connectMysql(mysqlUrl);
  for (const table of ["auth_audit", "auth_audit_outcome"]) {
    await expect(pool.query(`UPDATE ${table} SET at = NOW()`)).rejects.toThrow("append-only");
    await expect(pool.query(`DELETE FROM ${table}`)).rejects.toThrow("append-only");
  }
  await pool.end();
});
