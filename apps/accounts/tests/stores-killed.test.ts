import { randomBytes } from "node:crypto";
import { newSigningKey } from "@quintet/accounts/testing";
import type { Auth, TokenSet } from "@quintet/auth";
import { connectRedis } from "@quintet/db";
import { testMysql, testPrefix } from "@quintet/db/testing";
import { type OpenedAuth, openAuth } from "@quintet/host";
import { createLogger, type Listening, listenerOf, serve } from "@quintet/http";
import { type StoreProxy, storeProxy } from "@quintet/stores/testing";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { accounts } from "../src/index.ts";

const log = createLogger({ service: "auth", level: "silent" });
const admin = { username: "admin", password: "correct horse battery" };
const prefix = testPrefix();
const opened = new AsyncDisposableStack();
let mysql: StoreProxy;
let redis: StoreProxy;
let issuer: OpenedAuth;
let remote: Auth;
let origin: string;

beforeAll(async () => {
  const database = opened.use(await testMysql(inject("mysqlUrl")));
  mysql = opened.use(await storeProxy(database.url));
  redis = opened.use(await storeProxy(inject("redisUrl")));
  const shared = { QUINTET_SECRET: randomBytes(32).toString("hex"), REDIS_URL: redis.url, REDIS_PREFIX: prefix };
  const own = { MYSQL_URL: mysql.url, AUTH_SIGNING_KEY: newSigningKey(), ADMIN_USERNAME: admin.username };
  const read = (env: NodeJS.ProcessEnv) => ({ ...shared, ...env });
  issuer = opened.use(await openAuth(read({ ...own, ADMIN_PASSWORD: admin.password }), accounts, log));
  const app = issuer.app ?? { fetch: () => new Response() };
  const listening: Listening = await serve(listenerOf(app), { port: 0, host: "127.0.0.1", log, drainSeconds: 0 });
  opened.defer(() => listening.close());
  origin = `http://127.0.0.1:${listening.port}`;
  remote = opened.use(await openAuth(read({ AUTH_URL: origin }), accounts, log)).auth;
});
afterAll(() => opened.disposeAsync());

const signIn = async () => (await issuer.auth.passwordGrant(admin.username, admin.password)) as TokenSet;
const post = (path: string, fields: Record<string, string>) =>
  fetch(`${origin}${path}`, { method: "POST", body: new URLSearchParams(fields) });
const revoke = (token: string) => post("/auth/revoke", { token });

test("Redis killed and back: tokens and sign-ins go on, and what was revoked meanwhile is known everywhere soon after", async () => {
  const [kept, revoked] = [await signIn(), await signIn()];
  for (const { access_token } of [kept, revoked]) expect(await remote.verifyToken(access_token)).toBeDefined();
  await redis.cut();
  expect((await revoke(revoked.refresh_token)).status).toBe(200);
  expect(await issuer.auth.verifyToken(revoked.access_token)).toBeUndefined();
  for (const auth of [issuer.auth, remote]) expect(await auth.verifyToken(kept.access_token)).toBeDefined();
  expect(await signIn()).toBeDefined();
  expect(await issuer.auth.verifyPassword(admin.username, "wrong")).toBeUndefined();
  await redis.restore();
  const soon = { timeout: 10_000, interval: 20 };
  await vi.waitFor(async () => expect(await remote.verifyToken(revoked.access_token)).toBeUndefined(), soon);
  expect(await remote.verifyToken(kept.access_token)).toBeDefined();
  // And from then on as before.
  const next = await signIn();
  expect(await remote.verifyToken(next.access_token)).toBeDefined();
  await revoke(next.access_token);
  await vi.waitFor(async () => expect(await remote.verifyToken(next.access_token)).toBeUndefined(), {
    timeout: 1000,
    interval: 5,
  });
});

test("Redis emptied: what was revoked before is told again", async () => {
  const tokens = await signIn();
  await revoke(tokens.access_token);
  const direct = connectRedis(inject("redisUrl"), { prefix: "", onError: () => {} });
  await redis.cut();
  await direct.del(...(await direct.keys(`${prefix}auth:revocations`)));
  await redis.restore();
  const told = async () =>
    (await Promise.all((await direct.keys(`${prefix}auth:revocations`)).map((key) => direct.xlen(key)))).length;
  await vi.waitFor(async () => expect(await told()).toBeGreaterThan(0), { timeout: 10_000, interval: 20 });
  direct.disconnect();
  const ended = async () => expect(await remote.verifyToken(tokens.access_token)).toBeUndefined();
  await vi.waitFor(ended, { timeout: 10_000, interval: 20 });
});

test("MySQL killed and back: tokens and known passwords go on, sign-ins are a 503 with Retry-After until then", async () => {
  const tokens = await signIn();
  expect(await remote.verifyPassword(admin.username, admin.password)).toBeDefined();
  await mysql.cut();
  for (const auth of [issuer.auth, remote]) expect(await auth.verifyToken(tokens.access_token)).toBeDefined();
  expect(await remote.verifyPassword(admin.username, admin.password)).toBeDefined();
  const grant = { grant_type: "password", username: admin.username, password: admin.password };
  for (const answer of [await post("/auth/token", grant), await revoke(tokens.refresh_token)]) {
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  await mysql.restore();
  expect((await post("/auth/token", grant)).status).toBe(200);
  await revoke(tokens.refresh_token);
  await vi.waitFor(async () => expect(await remote.verifyToken(tokens.access_token)).toBeUndefined(), {
    timeout: 1000,
    interval: 5,
  });
});
