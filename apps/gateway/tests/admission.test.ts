import type { IncomingMessage, RequestListener } from "node:http";
import { trustedProxies } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { storeProxy } from "@quintet/stores/testing";
import { describe, expect, inject, it, vi } from "vitest";
import { type AdmissionOptions, admission } from "../src/limits/admission.ts";
import { openRateLimit } from "../src/limits/rate-limit.ts";
import { behind } from "./edge.ts";

const serving = (listener: RequestListener, options: Partial<AdmissionOptions>) =>
  behind(admission({ maxInFlight: 100, maxWaiting: 100, maxShare: 1, ...options }).requests(listener));
const limitsOf = (perMinute: number, redisUrl?: string) =>
  openRateLimit({ perMinute, redisUrl, prefix: `test${Math.random().toString(36).slice(2)}:`, onError: () => {} });

describe("admission", () => {
  it("refuses what is too much at once, and goes on serving the rest", async () => {
    const waiting: (() => void)[] = [];
    await using front = await serving((_req, res) => void waiting.push(() => res.end("ok")), { maxInFlight: 3 });
    const first = [1, 2, 3].map(() => fetch(front.origin));
    await until(() => waiting.length === 3);
    const refused = await fetch(front.origin);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    for (const answer of waiting) answer();
    for (const answer of await Promise.all(first)) expect(await answer.text()).toBe("ok");
    const next = fetch(front.origin);
    await until(() => waiting.length === 4);
    waiting[3]?.();
    expect((await next).status).toBe(200);
  });

  it("gives one account or address its share and the others theirs", async () => {
    const answers: (() => void)[] = [];
    const trusted = trustedProxies("127.0.0.1");
    const accountOf = ({ headers }: IncomingMessage) =>
      headers.authorization ? Promise.resolve(`account ${headers.authorization}`) : undefined;
    const options = { maxInFlight: 8, maxShare: 0.25, trusted, accountOf };
    await using front = await serving((_req, res) => void answers.push(() => res.end("ok")), options);
    const ask = (headers: Record<string, string>) => fetch(front.origin, { headers });
    const from = (address: string) => ({ "X-Forwarded-For": address });
    const callers = [from("198.51.100.1"), from("198.51.100.2"), { Authorization: "7" }, { Authorization: "8" }];
    const first: Promise<Response>[] = [];
    for (const caller of callers.slice(0, 3)) {
      first.push(ask(caller), ask(caller));
      await until(() => answers.length === first.length);
      const refused = await ask(caller);
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    }
    // An account has its share wherever it comes from, and one with a token is not charged for its address.
    expect((await ask({ Authorization: "7", ...from("198.51.100.3") })).status).toBe(429);
    first.push(ask({ Authorization: "8", ...from("198.51.100.1") }));
    await until(() => answers.length === first.length);
    for (const answer of answers.splice(0)) answer();
    expect((await Promise.all(first)).map((answer) => answer.status)).toEqual(first.map(() => 200));
    const next = ask(from("198.51.100.1"));
    await until(() => answers.length === 1);
    answers[0]?.();
    expect((await next).status).toBe(200);
  });

  it.each([
    ["in Redis", () => inject("cacheRedisUrl")],
    ["in this process", () => undefined],
    ["in this process while Redis is away", () => "redis://127.0.0.1:9"],
  ])("counts by address and account, %s", async (_where, url) => {
    const rate = limitsOf(3, url());
    const trusted = trustedProxies("127.0.0.1");
    const accountOf = async ({ headers }: IncomingMessage) =>
      headers.authorization === "Bearer good" ? "account 7" : undefined;
    const options = { rate, trusted, accountOf };
    await using front = await serving((_req, res) => void res.end("ok"), options);
    const ask = (headers: Record<string, string>, path = "/queue/x") => fetch(front.origin + path, { headers });
    const one = { "X-Forwarded-For": "198.51.100.1" };
    for (const left of [2, 1, 0]) {
      const answer = await ask(one);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("ratelimit")).toMatch(new RegExp(`^"minute";r=${left};t=\\d+$`));
      expect(answer.headers.get("ratelimit-policy")).toBe('"minute";q=3;w=60');
    }
    const refused = await ask(one);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ status: 429, instance: "/queue/x" });
    // A token that is not good counts for the address; a good one, and another address, have minutes of their own.
    expect((await ask({ ...one, Authorization: "Bearer made-up" })).status).toBe(429);
    expect((await ask({ ...one, Authorization: "Bearer good" })).status).toBe(200);
    expect((await ask({ "X-Forwarded-For": "198.51.100.2" })).status).toBe(200);
    expect((await ask(one, "/queue/health")).status).toBe(200);
    rate.close();
  });

  it.each([
    ["in Redis", () => inject("cacheRedisUrl")],
    ["in this process", () => undefined],
  ])("refuses for a minute at most, also when the clock is set back by a day, %s", async (_where, url) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 86_400_000 });
    try {
      const rate = limitsOf(1, url());
      for (const left of [0, -1, -1]) expect((await rate.take("a")).left).toBe(left);
      vi.setSystemTime(Date.now() - 86_400_000);
      const refused = await rate.take("a");
      expect(refused.left).toBe(-1);
      expect(refused.resetSeconds).toBeLessThanOrEqual(60);
      rate.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it("is shared by gateways that share a Redis", async () => {
    const prefix = `test${Math.random().toString(36).slice(2)}:`;
    const made = [1, 2].map(() =>
      openRateLimit({ perMinute: 4, redisUrl: inject("cacheRedisUrl"), prefix, onError: () => {} }),
    );
    const left: number[] = [];
    for (let i = 0; i < 6; i++) left.push((await made[i % 2]?.take("a"))?.left ?? Number.NaN);
    expect(left).toEqual([3, 2, 1, 0, -1, -1]);
    for (const limit of made) limit.close();
  });

  it("goes on in this process while Redis is away, and in Redis when it is back", async () => {
    await using proxy = await storeProxy(inject("cacheRedisUrl"));
    const prefix = `test${Math.random().toString(36).slice(2)}:`;
    let lost = 0;
    const perMinute = 1_000_000; // It is asked as fast as it responds below.
    const limit = (redisUrl: string) => openRateLimit({ perMinute, redisUrl, prefix, onError: () => lost++ });
    const [one, other] = [limit(proxy.url), limit(inject("cacheRedisUrl"))];
    expect([(await one.take("a")).left, (await other.take("a")).left]).toEqual([perMinute - 1, perMinute - 2]);
    await proxy.cut();
    // A minute of this process begins anew: nobody is refused for Redis's sake, and nobody goes uncounted.
    expect([(await one.take("a")).left, (await one.take("a")).left]).toEqual([perMinute - 1, perMinute - 2]);
    expect((await other.take("a")).left).toBe(perMinute - 3);
    await proxy.restore();
    // Back: what it takes is seen by the other one.
    let before = perMinute - 3;
    let seen = 0;
    for (const from = performance.now(); seen < 2; ) {
      if (performance.now() - from > 20_000) throw new Error("Redis is not used again");
      await one.take("a");
      const after = (await other.take("a")).left;
      seen = before - after;
      before = after;
    }
    expect(lost).toBeGreaterThan(0);
    for (const each of [one, other]) each.close();
  });
});
