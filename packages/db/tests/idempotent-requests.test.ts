import { createLogger, createService, idempotent } from "@quintet/http";
import { afterAll, describe, expect, inject, it } from "vitest";
import { connectRedis, redisIdempotency } from "../src/index.ts";
import { testPrefix } from "../src/testing.ts";

const redis = connectRedis(inject("redisUrl"), { prefix: testPrefix(), onError: () => {} });
afterAll(() => redis.disconnect());

/** An app with one call that creates something, and how often it did. */
function appOn(store = redisIdempotency(redis)) {
  const log = createLogger({ service: "test", level: "silent" });
  const app = createService({ title: "t", version: "1", prefix: "/t", log, corsOrigins: ["*"], checks: {} });
  const made: string[] = [];
  app.post("/things", idempotent(store), async (c) => {
    made.push(await c.req.text());
    return c.json({ number: made.length }, 201);
  });
  const post = (key: string, body = "a") =>
    app.request("/t/things", { method: "POST", body, headers: { "Idempotency-Key": key } });
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
