import { type StoreProxy, storeProxy } from "@quintet/stores/testing";
import { afterAll, beforeAll, expect, inject, it, vi } from "vitest";
import { connectRedis, OutcomeUnknown, type Redis, redisIdempotency } from "../src/index.ts";
import { testPrefix } from "../src/testing.ts";

const prefix = testPrefix();
const straight = connectRedis(inject("redisUrl"), { prefix, onError: () => {} });
let proxy: StoreProxy;
const opened: Redis[] = [];

/** A client behind the proxy. */
function client(batchesWrites = false, options: { silenceMs?: number } = {}): Redis {
  const redis = connectRedis(proxy.url, { prefix, batchesWrites, onError: () => {}, ...options });
  opened.push(redis);
  return redis;
}
const isReady = (redis: Redis) => vi.waitFor(() => expect(redis.status).toBe("ready"), { timeout: 20_000 });

beforeAll(async () => {
  proxy = await storeProxy(inject("redisUrl"));
});
afterAll(async () => {
  for (const redis of [straight, ...opened]) redis.disconnect();
  await proxy[Symbol.asyncDispose]();
});

it.each([false, true])("sends no command again whose answer was lost, writes batched: %s", async (pipelined) => {
  const redis = client(pipelined);
  await redis.ping();
  const key = `lost-${pipelined}`;
  const lost = proxy.dropResponses(/rpush/);
  const pushed = await Promise.allSettled([redis.rpush(key, "1"), redis.rpush(key, "2")]);
  for (const one of pushed) expect(one).toMatchObject({ status: "rejected", reason: expect.any(OutcomeUnknown) });
  expect(lost.left()).toBe(0);
  await redis.rpush(key, "3");
  expect(await straight.lrange(key, "0", "-1")).toEqual(["1", "2", "3"]);
});

it("sends the commands of one turn in one write, where that is asked for", async () => {
  const corked = async (batchesWrites: boolean) => {
    const redis = client(batchesWrites);
    await redis.ping();
    const replies = Promise.all([redis.ping(), redis.echo("b")]);
    const { writableCorked } = (redis as unknown as { stream: { writableCorked: number } }).stream;
    expect(await replies).toEqual(["PONG", "b"]);
    return writableCorked;
  };
  expect([await corked(true), await corked(false)]).toEqual([1, 0]);
});

it("sends what was not sent yet, once there is a connection", async () => {
  const redis = client();
  await redis.ping();
  await proxy.cut();
  await expect.poll(() => redis.status).not.toBe("ready");
  const pushed = redis.rpush("later", "1");
  await proxy.restore();
  expect(await pushed).toBe(1);
});

it.each([false, true])(
  "drops what nobody waits for any more when a connection comes, writes batched: %s",
  async (pipelined) => {
    proxy.freeze();
    const redis = client(pipelined, { silenceMs: 100 });
    await expect.poll(() => redis.status).toBe("connect");
    const key = `given-up-${pipelined}`;
    const early = await Promise.allSettled([redis.rpush(key, "1"), redis.rpush(key, "2")]);
    expect(early.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    proxy.thaw();
    await isReady(redis);
    expect(await redis.rpush(key, "3")).toBe(1);
    expect(await straight.lrange(key, "0", "-1")).toEqual(["3"]);
  },
);

it("repeats what knows its own first run", async () => {
  const redis = client();
  const store = redisIdempotency(redis);
  await isReady(redis);
  proxy.dropResponses(/eval/i);
  const found = await store.begin("once", "print");
  if (found.state !== "new") throw new Error(found.state);
  proxy.dropResponses(/eval/i);
  await found.end();
  expect((await store.begin("once", "another")).state).toBe("new");
});

it("says that the outcome is unknown when that is lost too", async () => {
  const redis = client();
  await isReady(redis);
  proxy.dropResponses(/eval/i, 2);
  await expect(redisIdempotency(redis).begin("twice", "print")).rejects.toBeInstanceOf(OutcomeUnknown);
});
