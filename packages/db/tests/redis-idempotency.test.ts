import { afterAll, describe, expect, inject, it, vi } from "vitest";
import { connectRedis, redisIdempotency } from "../src/index.ts";
import { testPrefix } from "../src/testing.ts";

const prefix = testPrefix();
const redis = connectRedis(inject("redisUrl"), { prefix, onError: () => {} });
const store = redisIdempotency(redis);
const answer = { status: 201, headers: { location: "/x" }, body: '{"id":1}' };

afterAll(() => redis.quit());

/** The claim that a first request gets. */
async function claimed(key: string, from = store) {
  const found = await from.begin(key, "print");
  if (found.state !== "new") throw new Error(found.state);
  return found.claim;
}

describe("redisIdempotency", () => {
  it("lets one of many equal requests run, and gives its answer to the later ones", async () => {
    const states = await Promise.all(Array.from({ length: 20 }, () => store.begin("a", "print")));
    const won = states.filter((found) => found.state === "new");
    expect(won).toHaveLength(1);
    expect(states.filter((found) => found.state === "busy")).toHaveLength(19);
    await won[0]?.claim.keep(answer);
    expect(await store.begin("a", "print")).toEqual({ state: "done", answer });
    expect(await store.begin("a", "other")).toEqual({ state: "mismatch" });
  });

  it("frees a key whose request failed", async () => {
    await (await claimed("b")).abandon();
    expect((await store.begin("b", "other")).state).toBe("new");
  });

  it("holds a key for as long as its request runs", async () => {
    const claim = await claimed("c", redisIdempotency(redis, { leaseMs: 3000 }));
    const ends = async () => Number(await redis.hget("idempotent:c", "until"));
    const first = await ends();
    await vi.waitFor(async () => expect(await ends()).toBeGreaterThan(first), { timeout: 20_000 });
    expect((await store.begin("c", "print")).state).toBe("busy");
    await claim.keep(answer);
    expect(await store.begin("c", "print")).toEqual({ state: "done", answer });
  });

  it("passes a key on whose holder is gone, and takes nothing more from that one, not even another request", async () => {
    // The holder's connection is cut, so that it renews nothing.
    const gone = connectRedis(inject("redisUrl"), { prefix, onError: () => {} });
    const late = await claimed("d", redisIdempotency(gone, { leaseMs: 300 }));
    gone.disconnect();
    await vi.waitFor(async () => expect((await store.begin("d", "print")).state).toBe("new"), { timeout: 20_000 });
    await gone.connect();
    await late.keep({ ...answer, body: "of the one that was overtaken" });
    await late.abandon();
    expect((await store.begin("d", "print")).state).toBe("busy");
    expect((await store.begin("d", "other")).state).toBe("mismatch");
    gone.disconnect();
  });
});
