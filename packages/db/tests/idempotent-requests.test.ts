import { createLogger, createService, idempotent, Problem } from "@quintet/http";
import { afterAll, describe, expect, inject, it } from "vitest";
import { connectRedis, redisIdempotency, runOnce } from "../src/index.ts";
import { recordsInMemory, testPrefix } from "../src/testing.ts";

const redis = connectRedis(inject("redisUrl"), { prefix: testPrefix(), onError: () => {} });
afterAll(() => redis.disconnect());

/** An app with one call that creates something, and how often it did. */
function appOn(store = redisIdempotency(redis)) {
  const log = createLogger({ service: "test", level: "silent" });
  const app = createService({ title: "t", version: "1", prefix: "/t", log, corsOrigins: ["*"], checks: {} });
  const made: string[] = [];
  const records = recordsInMemory();
  app.post("/things", idempotent(store), async (c) => {
    const body = await c.req.text();
    const number = await runOnce(records, c.var.keyed, async () => {
      if (body === "bad") throw new Problem("unprocessable", "It is bad.");
      return made.push(body);
    });
    return c.json({ number }, 201);
  });
  app.post("/unrecorded", idempotent(store), (c) => c.json({}, 201));
  const post = (key: string, body = "a", path = "/things") =>
    app.request(`/t${path}`, { method: "POST", body, headers: { "Idempotency-Key": key } });
  return { made, post };
}

describe("Idempotency-Key", () => {
  it("is a string in quotes, or the same without them", async () => {
    const { made, post } = appOn();
    const first = await post('"8e03978e-40d5"');
    expect([first.status, await first.json()]).toEqual([201, { number: 1 }]);
    for (const same of ['"8e03978e-40d5"', "8e03978e-40d5", '"8e03978e-40d5";v=1']) {
      const again = await post(same);
      expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
      expect(await again.json()).toEqual({ number: 1 });
    }
    expect((await post('"a \\"b\\" c"')).status).toBe(201);
    expect((await post("8e03978e-40d5", "other")).status).toBe(422);
    expect(made).toHaveLength(2);
  });

  it.each(['""', '"', '"a', "a b", '"a" b', '"a", "b"', '"\\x"', "é", `"${"k".repeat(256)}"`, "k".repeat(256)])(
    "%s is none",
    async (key) => {
      const { made, post } = appOn();
      const answer = await post(key);
      expect([answer.status, made]).toEqual([400, []]);
      expect(await answer.json()).toMatchObject({ errors: [{ path: "Idempotency-Key" }] });
    },
  );

  it("keeps no refusal: what has changed since counts, and the key is free for the request as mended", async () => {
    const { made, post } = appOn();
    for (const _ of [1, 2]) {
      const refused = await post("refused", "bad");
      expect([refused.status, refused.headers.has("idempotency-replayed")]).toEqual([422, false]);
      expect(await refused.json()).toMatchObject({ detail: "It is bad." });
    }
    expect((await post("refused", "good")).status).toBe(201);
    expect(made).toEqual(["good"]);
  });

  it("is a fault of the route when that records nothing", async () => {
    const { post } = appOn();
    expect((await post("k", "a", "/unrecorded")).status).toBe(500);
  });

  it("does nothing while Redis is away, and tells what was done when Redis goes away meanwhile", async () => {
    const lost = connectRedis(inject("redisUrl"), { prefix: testPrefix(), onError: () => {} });
    const store = redisIdempotency(lost);
    const { made, post } = appOn({
      async begin(key, fingerprint) {
        const found = await store.begin(key, fingerprint);
        lost.disconnect();
        return found;
      },
    });
    expect((await post("k")).status).toBe(201);
    const refused = await post("l");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(made).toHaveLength(1);
  });
});
