import { afterAll, describe, expect, inject, it, vi } from "vitest";
import { connectRedis, redisIdempotency } from "../src/index.ts";
import { testPrefix } from "../src/testing.ts";

const prefix = testPrefix();
const redis = connectRedis(inject("redisUrl"), { prefix, onError: () => {} });
const store = redisIdempotency(redis);

afterAll(() => redis.quit());

/** How to end a request that is begun. */
async function begun(key: string, from = store) {
  const found = await from.begin(key, "print");
  if (found.state !== "new") throw new Error(found.state);
  expect(found.fingerprint).toBe("print");
  return found.end;
}

describe("redisIdempotency", () => {
  it("lets one of many equal requests run at a time, and keeps nothing of it", async () => {
    const states = await Promise.all(Array.from({ length: 20 }, () => store.begin("a", "print")));
    const won = states.filter((found) => found.state === "new");
    expect(won).toHaveLength(1);
    expect(states.filter((found) => found.state === "busy")).toHaveLength(19);
    expect(await store.begin("a", "other")).toEqual({ state: "mismatch" });
    await won[0]?.end();
    expect(await redis.exists("idempotent:a")).toBe(0);
    expect((await store.begin("a", "other")).state).toBe("new");
  });

  it("holds a key for as long as its request runs", async () => {
    const end = await begun("c", redisIdempotency(redis, { leaseMs: 3000 }));
    const ends = async () => Number(await redis.hget("idempotent:c", "until"));
    const first = await ends();
    await vi.waitFor(async () => expect(await ends()).toBeGreaterThan(first), { timeout: 20_000 });
    expect(await redis.pttl("idempotent:c")).toBeGreaterThan(0);
    expect((await store.begin("c", "print")).state).toBe("busy");
    await end();
  });

  it("passes a key on whose holder is gone, and takes nothing more from that one, not even another request", async () => {
    // The holder's connection is cut, so that it renews nothing.
    const gone = connectRedis(inject("redisUrl"), { prefix, onError: () => {} });
    const late = await begun("d", redisIdempotency(gone, { leaseMs: 300 }));
    gone.disconnect();
    await vi.waitFor(async () => expect(await redis.exists("idempotent:d")).toBe(0), { timeout: 20_000 });
    await begun("d");
    await gone.connect();
    await late();
    expect((await store.begin("d", "print")).state).toBe("busy");
    expect((await store.begin("d", "other")).state).toBe("mismatch");
    gone.disconnect();
  });

  it("takes over what a version before has left", async () => {
    // It kept claims and responses for a day.
    await redis.hset("idempotent:e", { fingerprint: "print", claim: "of one that was killed", until: 1 });
    await redis.hset("idempotent:f", { fingerprint: "print", answer: "{}" });
    for (const key of ["e", "f"]) {
      await redis.pexpire(`idempotent:${key}`, 86_400_000);
      expect(await store.begin(key, "other")).toEqual({ state: "mismatch" });
    }
    await (await begun("e"))();
    await (await begun("f"))();
    expect(await redis.exists("idempotent:e", "idempotent:f")).toBe(1);
    expect(await store.begin("f", "other")).toEqual({ state: "mismatch" });
  });
});
