import { once } from "node:events";
import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { freePort, type StoreProxy, storeProxy } from "@quintet/stores/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Client } from "./harness/client.ts";
import { register } from "./harness/person.ts";
import { startServer } from "./harness/server-process.ts";
import { secretMark, testSettings } from "./harness/test-settings.ts";

/**
 * Two seconds after a changed password no process takes what it ended, whatever stands still: two workers that mount everything, an
 * app that hears from them over HTTP, and one that is its own issuer. Each has proxies of its own in front of its stores.
 */
const promiseMs = 2000;
const isFull = process.env.QUINTET_FAULTS === "full";
const watchedMs = isFull ? 4000 : 2600;

const opened = new AsyncDisposableStack();
const far: Record<
  "gatewayRedis" | "gatewayMysql" | "remoteRedis" | "remoteIssuer" | "aloneRedis" | "aloneMysql",
  StoreProxy
> = {} as never;
type Far = keyof typeof far;
const redis: Far[] = ["gatewayRedis", "remoteRedis", "aloneRedis"];
const mysql: Far[] = ["gatewayMysql", "aloneMysql"];
const issuer: Far[] = ["gatewayRedis", "gatewayMysql", "remoteIssuer"];

const origins: Record<"mounted" | "remote" | "alone", string> = { mounted: "", remote: "", alone: "" };
const processes = Object.keys(origins) as (keyof typeof origins)[];
const path = { mounted: "/auth/me", remote: "/social/posts", alone: "/social/posts" };
let people = 0;

beforeAll(async () => {
  const { shared, issuer: own } = opened.use(await testSettings());
  const front = async (url = "") => opened.use(await storeProxy(url));
  const port = String(await freePort());
  Object.assign(far, {
    gatewayRedis: await front(shared.REDIS_URL),
    gatewayMysql: await front(shared.MYSQL_URL),
    remoteRedis: await front(shared.REDIS_URL),
    remoteIssuer: await front(`http://127.0.0.1:${port}`),
    aloneRedis: await front(shared.REDIS_URL),
    aloneMysql: await front(shared.MYSQL_URL),
  });
  const stores = (REDIS_URL = "", MYSQL_URL = "") => ({ ...shared, REDIS_URL, MYSQL_URL });
  const mounted = { ...stores(far.gatewayRedis.url, far.gatewayMysql.url), ...own, WORKERS: "2", PORT: port };
  const remote = { ...stores(far.remoteRedis.url), AUTH_URL: far.remoteIssuer.url };
  const alone = { ...stores(far.aloneRedis.url, far.aloneMysql.url), ...own };
  origins.mounted = opened.use(await startServer("gateway", mounted)).origin;
  origins.remote = opened.use(await startServer("social", remote)).origin;
  origins.alone = opened.use(await startServer("social", alone)).origin;
}, 300_000);
afterAll(() => opened.disposeAsync());

/** Asks on a connection of its own, so that either worker may respond; 0 when nobody does. */
async function ask(at: keyof typeof origins, authorization: string): Promise<number> {
  const asked = request(`${origins[at]}${path[at]}`, { agent: false, timeout: 5000, headers: { authorization } });
  asked.on("timeout", () => asked.destroy());
  asked.end();
  try {
    const [response] = await once(asked, "response");
    response.resume();
    return response.statusCode;
  } catch {
    return 0;
  }
}

/** Somebody whom all processes know, and how she shows who she is. */
async function known() {
  const password = `${secretMark}of somebody`;
  const person = await register(origins.mounted, `person${++people}`, password);
  const basic = `Basic ${btoa(`${person.username}:${password}`)}`;
  const bearer = (await signIn(person.username, password)) as string;
  const credentials = { basic, bearer };
  for (const at of processes) {
    for (let i = 0; i < 6; i++) for (const one of [basic, bearer]) expect(await ask(at, one), at).toBe(200);
  }
  return { ...person, person, password, credentials };
}

async function signIn(username: string, password: string): Promise<string> {
  const form = new URLSearchParams({ grant_type: "password", username, password });
  const tokens = (await new Client(origins.mounted).post("/auth/token", form)).json<{ access_token: string }>();
  return `Bearer ${tokens.access_token}`;
}

const silence = {
  freeze: async (which: Far[]) => {
    for (const one of which) far[one].freeze();
  },
  cut: async (which: Far[]) => {
    for (const one of which) await far[one].cut();
  },
};
const heal = {
  freeze: async (which: Far[]) => {
    for (const one of which) far[one].thaw();
  },
  cut: async (which: Far[]) => {
    for (const one of which) await far[one].restore();
  },
};

interface Fault {
  name: string;
  how: keyof typeof silence;
  /** Silent before the password is changed, and from right after. */
  before: Far[];
  after: Far[];
  /** Who knows all the same, and goes on serving everybody else. */
  open: (keyof typeof origins)[];
  inFullOnly?: boolean;
}

const faults: Fault[] = [
  { name: "every Redis", how: "freeze", before: redis, after: [], open: processes },
  { name: "every Redis, and MySQL once it is done", how: "freeze", before: redis, after: mysql, open: [] },
  { name: "the issuer's Redis", how: "freeze", before: ["gatewayRedis"], after: [], open: processes },
];
const more: Fault[] = [
  { name: "every Redis, and the issuer once it is done", how: "freeze", before: redis, after: issuer, open: ["alone"] },
  { name: "the issuer once it is done", how: "freeze", before: [], after: issuer, open: ["remote", "alone"] },
  { name: "nothing", how: "freeze", before: [], after: [], open: processes },
  { name: "the app's Redis", how: "freeze", before: ["remoteRedis", "aloneRedis"], after: [], open: processes },
  { name: "MySQL once it is done", how: "freeze", before: [], after: mysql, open: processes },
  { name: "every Redis", how: "cut", before: redis, after: [], open: processes },
  { name: "every Redis once it is done", how: "cut", before: [], after: redis, open: processes },
  { name: "every Redis, and MySQL once it is done", how: "cut", before: redis, after: mysql, open: [] },
  { name: "every Redis, and the issuer once it is done", how: "cut", before: redis, after: issuer, open: ["alone"] },
  { name: "MySQL once it is done", how: "cut", before: [], after: mysql, open: processes },
  {
    name: "the way to the issuer, and the app's Redis",
    how: "cut",
    before: ["remoteRedis", "remoteIssuer"],
    after: [],
    open: ["mounted", "alone"],
  },
];

test.each(isFull ? [...faults, ...more] : faults)("$how: $name", { timeout: 60_000 }, async (fault) => {
  const { how, before, after } = fault;
  const [ana, eva] = [await known(), await known()];
  const afterwards = after.filter((one) => !before.includes(one));
  await using silent = new AsyncDisposableStack();
  silent.defer(() => heal[how]([...before, ...afterwards]));
  await silence[how](before);
  const from = performance.now();
  const newPassword = `${secretMark}of another`;
  const changed = await ana.person.post("/auth/password", { currentPassword: ana.password, newPassword });
  expect(changed.status, changed.text).toBe(204);
  const revokedAt = performance.now();
  expect(revokedAt - from, "ms until it was done").toBeLessThan(1500);
  await silence[how](afterwards);

  const late: string[] = [];
  const closed: string[] = [];
  const last = new Map<string, [hers: number, others: number]>();
  const watch = async (at: keyof typeof origins, kind: "basic" | "bearer") => {
    while (performance.now() < revokedAt + watchedMs) {
      const askedAt = performance.now();
      const [hers, others] = await Promise.all([ask(at, ana.credentials[kind]), ask(at, eva.credentials[kind])]);
      last.set(`${at} ${kind}`, [hers, others]);
      if (hers === 200 && askedAt > revokedAt + promiseMs) late.push(`${at} ${kind} ${askedAt - revokedAt}`);
      if (others !== 200 && fault.open.includes(at)) closed.push(`${at} ${kind} ${others} ${askedAt - revokedAt}`);
      await delay(20);
    }
  };
  await Promise.all(processes.flatMap((at) => [watch(at, "basic"), watch(at, "bearer")]));
  expect(late).toEqual([]);
  expect(closed).toEqual([]);
  for (const at of processes) {
    const wanted = fault.open.includes(at) ? [401, 200] : [503, 503];
    for (const kind of ["basic", "bearer"])
      expect([at, kind, ...(last.get(`${at} ${kind}`) ?? [])]).toEqual([at, kind, ...wanted]);
  }

  await silent.disposeAsync();
  for (const at of processes) {
    for (const kind of ["basic", "bearer"] as const) {
      await vi.waitFor(async () => expect(await ask(at, ana.credentials[kind])).toBe(401), {
        timeout: 10_000,
        interval: 20,
      });
      expect(await ask(at, eva.credentials[kind])).toBe(200);
    }
  }
});
