import { chmod, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { connectRedis } from "@quintet/db";
import { openStores } from "@quintet/stores";
import { pauseStore, storeProxy } from "@quintet/stores/testing";
import { afterAll, beforeAll, expect, inject, it, vi } from "vitest";
import { type Installation, type Instance, listOf, openDirectory, someone } from "./installation.ts";

/** Whatever becomes of either Redis, which are our own: a write is seen by the next read, in every process, and waits for neither. */
const opened = new AsyncDisposableStack();
let location: string;
let url: string;
let prefix: string;
let directory: Installation;
let other: Instance;

beforeAll(async () => {
  const dataDir = await mkdtemp(join(inject("runDir"), "cache-redis-"));
  await chmod(dataDir, 0o711);
  const stores = opened.use(await openStores({ dataDir, needs: ["redis", "cache"], env: {}, progress: () => {} }));
  location = stores.location;
  url = stores.env.CACHE_REDIS_URL ?? "";
  directory = opened.use(await openDirectory({ CACHE_REDIS_URL: url, REDIS_URL: stores.env.REDIS_URL ?? "" }));
  prefix = directory.redisPrefix;
  other = opened.use(directory.instance());
});
afterAll(() => opened.disposeAsync());

/** 500 ms are promised; a machine that is busy with other tests gets more. Without a deadline a command waits for 5 s. */
const soonMs = process.env.QUINTET_FAULTS === "full" ? 500 : 2000;

const search = (name: string) => `/directory/users?name=${name}`;
const totalOf = async (instance: Pick<Instance, "anyone">, name: string) =>
  listOf(await instance.anyone("GET", search(name))).total;
const stateOf = async (instance: Pick<Instance, "anyone">, name: string) =>
  (await instance.anyone("GET", search(name))).headers.get("x-cache");
const add = async (lastName: string, on: Pick<Instance, "staff"> = directory) => {
  const created = await on.staff("POST", "/directory/users", someone({ lastName }));
  expect(created.status).toBe(201);
  return created.headers.get("location") ?? "";
};

async function inTime<T>(what: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const result = await work();
  expect(performance.now() - from, `ms for ${what}`).toBeLessThan(soonMs);
  return result;
}

it("the cache's Redis is unreachable for one process, and reachable again", async () => {
  await using way = await storeProxy(url);
  await using cutOff = directory.instance({ CACHE_REDIS_URL: way.url });
  expect(await totalOf(cutOff, "lost")).toBe(0);
  expect(await stateOf(cutOff, "lost")).toBe("HIT");
  await way.cut();
  await add("Lost");
  expect(await totalOf(cutOff, "lost")).toBe(1);
  await add("Lost Too", cutOff);
  for (const each of [directory, other, cutOff]) expect(await totalOf(each, "lost")).toBe(2);
  await way.restore();
  expect(await totalOf(cutOff, "lost")).toBe(2);
  let key = 0;
  await vi.waitFor(async () => {
    key++;
    await totalOf(cutOff, `back${key}`);
    expect(await stateOf(other, `back${key}`)).toBe("HIT");
  }, 20_000);
});

it("the cache's Redis returns with its data from before a write", async () => {
  const redis = connectRedis(url, { prefix: "", onError: () => {} });
  opened.defer(() => redis.disconnect());
  // Follows what is written from now on, and does not know this search itself.
  await using watching = directory.instance();
  await totalOf(watching, "settled");
  const path = await add("Restored");
  for (const each of [directory, other]) expect(await totalOf(each, "restored")).toBe(1);
  const keys = await redis.keys(`${prefix}*restored*`);
  expect(keys).not.toEqual([]);
  const old = await Promise.all(keys.map(async (key) => [key, await redis.dumpBuffer(key)] as const));
  await directory.staff("PATCH", path, { lastName: "Someone Else" }, { "If-Match": "*" });
  await using late = directory.instance();
  for (const each of [watching, directory, other, late]) {
    for (const [key, value] of old) await redis.restore(key, 0, value ?? "", "REPLACE");
    expect(await totalOf(each, "restored")).toBe(0);
  }
});

it("the cache's Redis is emptied, or evicts any key, at any time", async () => {
  const redis = connectRedis(url, { prefix: "", onError: () => {} });
  opened.defer(() => redis.disconnect());
  for (const each of [directory, other]) expect(await totalOf(each, "evicted")).toBe(0);
  await redis.flushall();
  await add("Evicted");
  await redis.flushall();
  for (const each of [directory, other]) expect(await totalOf(each, "evicted")).toBe(1);
});

it("the cache's Redis hangs: no request waits for it, no write is missed, and it is used again afterwards", async () => {
  for (const each of [directory, other]) expect(await totalOf(each, "frozen")).toBe(0);
  let path = "";
  {
    using _paused = await pauseStore(location, "cache");
    path = await inTime("a write", () => add("Frozen"));
    for (const each of [directory, other]) {
      expect(await inTime("a read", () => totalOf(each, "frozen"))).toBe(1);
      expect(await inTime("a read of something new", () => totalOf(each, "anythingelse"))).toBe(0);
    }
    const change = { lastName: "Thawed" };
    await inTime("a change", () => other.staff("PATCH", path, change, { "If-Match": "*" }));
    expect(await totalOf(directory, "frozen")).toBe(0);
    await add("Frozen Again");
  }
  for (const each of [directory, other]) expect(await totalOf(each, "frozen")).toBe(1);
  let key = 0;
  await vi.waitFor(async () => {
    key++;
    await totalOf(directory, `thawed${key}`);
    expect(await stateOf(other, `thawed${key}`)).toBe("HIT");
  }, 20_000);
});

it("the persistent Redis hangs: requests that need it are an immediate 503 and can be retried, all others work", async () => {
  const body = someone({ lastName: "Keyed" });
  const create = () => directory.staff("POST", "/directory/users", body, { "Idempotency-Key": "standing" });
  {
    using _paused = await pauseStore(location, "redis");
    const path = await inTime("a write", () => add("Unkeyed"));
    await inTime("a change", () => other.staff("PATCH", path, { lastName: "Unkeyed Too" }, { "If-Match": "*" }));
    expect(await inTime("a read", () => totalOf(other, "unkeyed"))).toBe(1);
    const refused = await inTime("a write with a key", create);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
  }
  // The key is free again, though Redis did what it was asked for too late.
  await vi.waitFor(async () => expect((await create()).status).toBe(201), 9000);
});
