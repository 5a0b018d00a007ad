import { type StoreProxy, storeProxy } from "@quintet/stores/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Answer } from "./harness/client.ts";
import { Client } from "./harness/client.ts";
import { logIn, type Person, register } from "./harness/person.ts";
import { type ServerProcess, startServer } from "./harness/server-process.ts";
import { secretMark, testSettings } from "./harness/test-settings.ts";

/** A whole gateway whose MySQL, and whose Redis, is killed and comes back while it is used. */
const opened = new AsyncDisposableStack();
let mysql: StoreProxy;
let redis: StoreProxy;
let gateway: ServerProcess;
let anyone: Client;
let plain: Person;
let staff: Person;
const password = `${secretMark}of somebody`;

beforeAll(async () => {
  const { shared, issuer, admin } = opened.use(await testSettings());
  mysql = opened.use(await storeProxy(shared.MYSQL_URL ?? ""));
  redis = opened.use(await storeProxy(shared.REDIS_URL ?? ""));
  const env = { ...shared, ...issuer, MYSQL_URL: mysql.url, REDIS_URL: redis.url };
  gateway = opened.use(await startServer("gateway", env));
  anyone = new Client(gateway.origin);
  plain = await register(gateway.origin, "plain", password);
  staff = await logIn(gateway.origin, admin.username, admin.password);
});
afterAll(() => opened.disposeAsync());

/** A route of each app that needs an account, by the store that it cannot do without. */
const routes = {
  mysql: ["/properties/liked", "/ingest/loads"],
  redis: ["/queue/count"],
  none: ["/auth/me", "/social/posts"],
};
const all = Object.values(routes).flat();
const signIn = (secret = password) =>
  anyone.post("/auth/token", new URLSearchParams({ grant_type: "password", username: "plain", password: secret }));
const soon = { timeout: 20_000, interval: 50 };

function expectAway(answer: Answer, what: string): void {
  expect([what, answer.status, answer.text]).toEqual([what, 503, answer.text]);
  expect(Number(answer.headers["retry-after"]), what).toBeGreaterThan(0);
  expect(answer.text).not.toMatch(/ECONN|127\.0\.0\.1|ER_/);
}

/** Asks again and again while `work` runs, and expects what did not need the store to go on as if nothing was. */
async function whileUsed(paths: string[], work: () => Promise<void>): Promise<void> {
  let over = false;
  const seen: string[] = [];
  const use = async (path: string, client: Client) => {
    while (!over) {
      const { status } = await client.get(path);
      if (status !== 200 && status !== 404) seen.push(`${status} ${path}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const uses = paths.flatMap((path) => [use(path, plain), use(path, plain.basic)]);
  await work().finally(() => {
    over = true;
  });
  await Promise.all(uses);
  expect(seen).toEqual([]);
}

test("MySQL killed and back: tokens and known passwords go on, what needs it is a 503 with Retry-After until then", {
  timeout: 120_000,
}, async () => {
  for (const path of all)
    for (const who of [plain, plain.basic]) expect([200, 404]).toContain((await who.get(path)).status);
  const { refresh_token } = (await signIn()).json<{ refresh_token: string }>();
  await whileUsed([...routes.none, ...routes.redis], async () => {
    const cutAt = Date.now();
    await mysql.cut();
    for (const path of routes.mysql) expectAway(await plain.get(path), path);
    expectAway(await signIn(), "signing in");
    expectAway(
      await plain.with({ Authorization: `Basic ${btoa("plain:wrong")}` }).get("/queue/count"),
      "another password",
    );
    const refresh = new URLSearchParams({ grant_type: "refresh_token", refresh_token });
    expectAway(await anyone.post("/auth/token", refresh), "refreshing");
    const input = { username: "late", email: "late@example.com", password };
    expectAway(await anyone.post("/auth/register", input), "registering");
    expectAway(await staff.patch(`/auth/accounts/${plain.id}`, { isActive: false }), "deactivating");
    const health = await anyone.get("/health");
    const checks = { properties: { status: "failing" }, ingest: { status: "failing" }, queue: { status: "ok" } };
    expect([health.status, health.json()]).toMatchObject([200, { status: "degraded", checks }]);
    const since = health.json<{ checks: Record<string, { since?: string }> }>().checks.properties?.since ?? "";
    expect(Date.parse(since)).toBeGreaterThanOrEqual(cutAt);
    expect((await anyone.with({ Accept: "text/html" }).get("/")).text).toContain(`, since <time datetime="${since}">`);
    await mysql.restore();
    await vi.waitFor(async () => expect((await signIn()).status).toBe(200), soon);
  });
  for (const path of all) expect([200, 404], path).toContain((await plain.get(path)).status);
  await vi.waitFor(async () => expect((await anyone.get("/health")).status).toBe(200), soon);
});

test("Redis killed and back: credentials go on, also new ones, and end at once when they are revoked", {
  timeout: 120_000,
}, async () => {
  const { access_token } = (await signIn()).json<{ access_token: string }>();
  const revoked = anyone.with({ Authorization: `Bearer ${access_token}` });
  expect((await revoked.get("/auth/me")).status).toBe(200);
  await whileUsed([...routes.none, ...routes.mysql], async () => {
    await redis.cut();
    for (const path of routes.redis) expectAway(await plain.get(path), path);
    expect((await signIn()).status).toBe(200);
    expect((await signIn("wrong")).status).toBe(400);
    expect((await anyone.post("/auth/revoke", new URLSearchParams({ token: access_token }))).status).toBe(200);
    for (const path of routes.none) expect((await revoked.get(path)).status).toBe(401);
    await redis.restore();
    await vi.waitFor(async () => expect((await plain.get("/queue/count")).status).toBe(200), soon);
  });
  expect((await revoked.get("/queue/count")).status).toBe(401);
  for (const path of all) expect([200, 404], path).toContain((await plain.get(path)).status);
});
