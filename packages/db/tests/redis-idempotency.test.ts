import { afterAll, describe, expect, inject, it } from "vitest";
import { blockingRedis, connectRedis, redisIdempotency } from "../src/index.ts";
import { testPrefix } from "../src/testing.ts";

const redis = connectRedis(inject("redisUrl"), { prefix: testPrefix(), onError: () => {} });
const store = redisIdempotency(redis);
const answer = { status: 201, headers: { location: "/x" }, body: '{"id":1}' };

afterAll(() => redis.quit());

describe("redisIdempotency", () => {
  it("lets one of many equal requests run, and gives its answer to the later ones", async () => {
    const states = await Promise.all(Array.from({ length: 20 }, () => store.begin("a", "print")));
    const won = states.filter((found) => found.state === "new");
    expect(won).toHaveLength(1);
    expect(states.filter((found) => found.state === "busy")).toHaveLength(19);
    await store.finish("a", "print", won[0]?.state === "new" ? won[0].claim : "", answer);
    expect(await store.begin("a", "print")).toEqual({ state: "done", answer });
    expect(await store.begin("a", "other")).toEqual({ state: "mismatch" });
  });

  it("frees a key whose request failed, but only for the one who held it", async () => {
    const first = await store.begin("b", "print");
    await store.abandon("b", "somebody else's claim");
    expect((await store.begin("b", "print")).state).toBe("busy");
    if (first.state === "new") await store.abandon("b", first.claim);
    expect((await store.begin("b", "print")).state).toBe("new");
  });
});

describe("blockingRedis", () => {
  it("waits longer than an ordinary command may", async () => {
    const blocking = blockingRedis(redis);
    expect(blocking.options.commandTimeout).toBeUndefined();
    expect(redis.options.commandTimeout).toBe(5000);
    const popped = blocking.blpop("list", 0);
    await redis.rpush("list", "x");
    expect((await popped)?.[1]).toBe("x");
    await blocking.quit();
  });
});
