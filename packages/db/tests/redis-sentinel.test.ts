import { setTimeout as delay } from "node:timers/promises";
import { isUnavailable, toProblem } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { openRedisSentinels, type RedisSentinels } from "@quintet/stores/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectRedis, luaCommands, type Redis, subscriberRedis } from "../src/index.ts";
import type { ConnectRedisOptions } from "../src/redis/client.ts";
import { storeFaults } from "../src/store-faults.ts";
import { testPrefix } from "../src/testing.ts";
import { names, pushed, pushLoad } from "./redis-load.ts";

const full = process.env.QUINTET_FAULTS === "full";
let sentinels: RedisSentinels;
const opened: { disconnect(): void }[] = [];

function client(options: Partial<ConnectRedisOptions> = {}): Redis {
  const redis = connectRedis(sentinels.url, { prefix: testPrefix(), onError: () => {}, ...options });
  opened.push(redis);
  return redis;
}

beforeAll(async () => {
  sentinels = await openRedisSentinels();
});
afterAll(async () => {
  for (const one of opened) one.disconnect();
  await sentinels?.[Symbol.asyncDispose]();
});

it("finds the master, with the passwords of both, and names a wrong URL without them", async () => {
  expect(await client().set("a", "1")).toBe("OK");
  expect(await storeFaults({ REDIS_URL: sentinels.url })).toEqual([]);
  const hosts = sentinels.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",");
  const wrong = { REDIS_URL: sentinels.url.replace(":topology@", ":hunter2@") };
  expect(await storeFaults(wrong)).toEqual([`REDIS_URL: ${hosts} refuses this user or password`]);
  const nowhere = { REDIS_URL: "redis+sentinel://:hunter2@127.0.0.1:9,127.0.0.1:10/quintet" };
  expect(await storeFaults(nowhere)).toEqual([
    "REDIS_URL: no Sentinel at 127.0.0.1:9,127.0.0.1:10 responds and knows the master",
  ]);
  const unknown = { REDIS_URL: sentinels.url.replace("sentinelPassword=topology", "sentinelPassword=hunter2") };
  expect(await storeFaults(unknown)).toEqual([`REDIS_URL: ${hosts} refuses this user or password`]);
  const cluster = { REDIS_URL: "redis+cluster://:hunter2@127.0.0.1:9" };
  expect(await storeFaults(cluster)).toEqual(["REDIS_URL: no Redis responds at 127.0.0.1:9"]);
});

it("works while a Sentinel does not respond", async () => {
  const [first] = sentinels.sentinels;
  first?.freeze();
  try {
    expect(await client().set("b", "1")).toBe("OK");
  } finally {
    first?.thaw();
  }
});

it("a script that must be replicated resolves once a replica has it", async () => {
  const waitMs = 1500; // Longer than a silent Redis is waited for.
  const redis = client({ replication: { replicas: 1, waitMs } });
  const run = luaCommands(
    redis,
    new URL("./", import.meta.url),
    ["two-slots-2"],
    () => true,
    () => true,
  );
  const write = () => run("two-slots-2", ["{a}1", "{a}2"], []);
  expect(await Promise.all(Array.from({ length: 100 }, write))).toEqual(Array.from({ length: 100 }, () => "OK"));
  const master = await sentinels.master();
  const waits = async () =>
    Number(/cmdstat_wait:calls=(\d+)/.exec(await master.command("INFO commandstats"))?.[1] ?? 0);
  // Those of one turn share a WAIT.
  const before = await waits();
  await Promise.all(Array.from({ length: 100 }, write));
  expect((await waits()) - before).toBeLessThan(10);
  const replica = sentinels.servers.find((server) => server !== master);
  replica?.freeze();
  try {
    const started = performance.now();
    const writes = await Promise.allSettled([write(), write()]);
    for (const one of writes) expect(one).toMatchObject({ status: "rejected", reason: { code: "NOT_REPLICATED" } });
    expect(performance.now() - started).toBeGreaterThan(waitMs - 50);
    const { status, message } = toProblem((writes[0] as PromiseRejectedResult).reason);
    expect([status, message]).toEqual([503, expect.stringMatching(/outcome is unknown.*too few replicas/)]);
  } finally {
    replica?.thaw();
  }
  await until(async () => (await write().catch(() => "")) === "OK");
});

it("a master that freezes in mid-load is replaced: no command runs twice, or runs although it was refused", async () => {
  const redis = client({ batchesWrites: true });
  const waiting = subscriberRedis(redis);
  opened.push(waiting);
  const heard = new Set<string>();
  const channel = testPrefix();
  waiting.on("message", (_channel: string, text: string) => heard.add(text));
  waiting.on("ready", () => waiting.subscribe(channel).catch(() => {}));
  const load = pushLoad(redis);
  await until(async () => load.outcomes.lastDone.size === names.length);
  const old = await sentinels.master();
  old.freeze();
  await until(async () => (await sentinels.master()) !== old);
  const replacedAt = performance.now();
  await until(async () => [...load.outcomes.lastDone.values()].every((at) => at > replacedAt));
  expect(performance.now() - replacedAt).toBeLessThan(3000);
  // Once it responds again, the old master believes for some seconds that it still is one; nobody uses it.
  old.thaw();
  await delay(500);
  const { unknown, refused } = await load.stop();
  expect(redis.status).toBe("ready");
  const stored = await pushed(redis);
  expect(new Set(stored).size).toBe(stored.length);
  for (const id of stored) expect(refused.has(id)).toBe(false);
  for (const error of refused.values()) expect(isUnavailable(error), error.message).toBe(true);
  expect(unknown.length + refused.size).toBeGreaterThan(0);
  await until(async () => {
    await redis.publish(channel, "again").catch(() => {});
    return heard.has("again");
  });
});

it.runIf(full)("a fail-over that an operator asks for costs no more than a moment", async () => {
  await sentinels.isWhole();
  const redis = client({ batchesWrites: true });
  const load = pushLoad(redis);
  await until(async () => load.outcomes.lastDone.size === names.length);
  const old = await sentinels.master();
  await sentinels.sentinels[1]?.command("SENTINEL FAILOVER quintet");
  await until(async () => (await sentinels.master()) !== old);
  const replacedAt = performance.now();
  await until(async () => [...load.outcomes.lastDone.values()].every((at) => at > replacedAt));
  expect(performance.now() - replacedAt).toBeLessThan(3000);
  const { refused } = await load.stop();
  const stored = await pushed(redis);
  expect(new Set(stored).size).toBe(stored.length);
  for (const id of stored) expect(refused.has(id)).toBe(false);
  // None of them is READONLY: what a former master refuses is sent to the new one.
  for (const error of refused.values()) expect(error.message).not.toMatch(/^READONLY/);
});
