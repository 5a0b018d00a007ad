import { type StoreProxy, storeProxy } from "@quintet/stores/testing";
import { afterAll, beforeAll, expect, inject, it, vi } from "vitest";
import { connectRedis, OutcomeUnknown, type Redis, redisIdempotency } from "../src/index.ts";
import { testPrefix } from "../src/testing.ts";

let proxy: StoreProxy;
const opened: Redis[] = [];

/** A connected client behind the proxy. */
async function client(options: { batchesWrites?: boolean } = {}): Promise<Redis> {
  const redis = connectRedis(proxy.url, { prefix: testPrefix(), onError: () => {}, ...options });
  opened.push(redis);
  await redis.ping();
  return redis;
}

/** How long it takes until all have been settled, in ms. */
async function took(...work: Promise<unknown>[]): Promise<number> {
  const startedAt = performance.now();
  await Promise.allSettled(work);
  return performance.now() - startedAt;
}

beforeAll(async () => {
  proxy = await storeProxy(inject("redisUrl"));
});
afterAll(async () => {
  for (const redis of opened) redis.disconnect();
  await proxy[Symbol.asyncDispose]();
});

it.each([false, true])(
  "a Redis that stands still costs the first callers about a second, the others nothing; writes batched: %s",
  async (batchesWrites) => {
    const redis = await client({ batchesWrites });
    proxy.freeze();
    const first = [redis.set("a", "1"), redis.rpush("b", "1")];
    for (const one of first) one.catch(() => {});
    expect(await took(...first)).toBeLessThan(1900);
    for (const one of first) await expect(one).rejects.toBeInstanceOf(OutcomeUnknown);
    expect(await took(...Array.from({ length: 1000 }, () => redis.set("c", "1")))).toBeLessThan(500);
    await expect(redis.multi().set("c", "1").set("d", "1").exec()).rejects.toMatchObject({ code: "ETIMEDOUT" });
    proxy.thaw();
    await vi.waitFor(() => redis.set("c", "2"), { timeout: 10_000, interval: 10 });
  },
);

it("a slow Redis is not taken for a silent one", async () => {
  const redis = await client();
  const until = performance.now() + 2500;
  let isFrozen = false;
  const slow = setInterval(() => {
    isFrozen = !isFrozen;
    if (isFrozen) proxy.freeze();
    else proxy.thaw();
  }, 400);
  try {
    while (performance.now() < until) await redis.incr("n");
  } finally {
    clearInterval(slow);
    proxy.thaw();
  }
});

it("neither is Redis when this process itself stood still", async () => {
  const redis = await client();
  const asked = redis.get("a");
  const until = performance.now() + 1500;
  while (performance.now() < until);
  expect(await asked).toBeNull();
});

it("a command that blocks has its own time in addition", async () => {
  const blocking = await client();
  expect(await blocking.blpop("none", 1.5)).toBeNull();
  proxy.freeze();
  const popped = blocking.blpop("none", 0.5);
  await expect(popped).rejects.toBeInstanceOf(OutcomeUnknown);
  proxy.thaw();
});

it("without a connection commands fail at once, and work again with the next one", async () => {
  const redis = await client();
  await proxy.cut();
  await vi.waitFor(() => expect(redis.get("a")).rejects.toMatchObject({ code: "ETIMEDOUT" }), 10_000);
  expect(await took(...Array.from({ length: 1000 }, () => redis.get("a")))).toBeLessThan(500);
  await proxy.restore();
  await vi.waitFor(() => redis.get("a"), { timeout: 10_000, interval: 10 });
});

it("a key whose claim nobody waited for is free soon after Redis responds again", async () => {
  const redis = await client();
  const store = redisIdempotency(redis);
  proxy.freeze();
  await expect(store.begin("k", "print")).rejects.toThrow();
  proxy.thaw();
  const isNew = async () => expect((await store.begin("k", "print")).state).toBe("new");
  await vi.waitFor(isNew, { timeout: 10_000, interval: 20 });
});
