import type { Socket } from "node:net";
import { isUnavailable, metricsText, toProblem } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { openRedisCluster, type RedisCluster, type RedisProcess } from "@quintet/stores/testing";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import {
  connectRedis,
  luaCommands,
  OutcomeUnknown,
  type Redis,
  redisIdempotency,
  subscriberRedis,
} from "../src/index.ts";
import { testPrefix } from "../src/testing.ts";
import { names, pushed, pushLoad } from "./redis-load.ts";

const full = process.env.QUINTET_FAULTS === "full";
let cluster: RedisCluster;
const opened: { disconnect(): void }[] = [];

function client(options: { batchesWrites?: boolean; prefix?: string } = {}): Redis {
  const redis = connectRedis(cluster.url, { prefix: testPrefix(), onError: () => {}, ...options });
  opened.push(redis);
  return redis;
}

/** The master of a key, and its replica. */
async function ownerOf(redis: Redis, key: string) {
  const slot = Number(await redis.cluster("KEYSLOT", `${redis.options.keyPrefix}${key}`));
  const all = await cluster.masters();
  const owner = all.find(({ slots }) =>
    slots.some((range) => {
      const [from, to = from] = range.split("-").map(Number);
      return slot >= from! && slot <= to!;
    }),
  );
  return { slot, master: owner!.master, replica: owner!.replicas[0]!, others: all.filter((one) => one !== owner) };
}

beforeAll(async () => {
  cluster = await openRedisCluster();
});
afterAll(async () => {
  for (const one of opened) one.disconnect();
  await cluster?.[Symbol.asyncDispose]();
});

it.each([false, true])(
  "serves commands, scripts and transactions on all nodes; writes batched: %s",
  async (batched) => {
    const redis = client({ batchesWrites: batched });
    await Promise.all(names.map((name) => redis.set(`a:{${name}}`, name)));
    expect(await Promise.all(names.map((name) => redis.get(`a:{${name}}`)))).toEqual(names);
    for (const name of names.slice(0, 6)) {
      expect(await redis.multi().incr(`n:{${name}}`).incr(`n:{${name}}`).exec()).toEqual([
        [null, 1],
        [null, 2],
      ]);
    }
    const store = redisIdempotency(redis);
    const begun = await Promise.all(names.map((name) => store.begin(name, "print")));
    expect(begun.every(({ state }) => state === "new")).toBe(true);
    for (const { command } of cluster.nodes) await command("SCRIPT FLUSH").catch(() => {});
    expect((await store.begin("k0", "other")).state).toBe("mismatch");
    for (const one of begun) if (one.state === "new") await one.end();
    expect((await store.begin("k0", "other")).state).toBe("new");
  },
);

it.each([false, true])("follows a slot that moves, while it moves and afterwards; batched: %s", async (batched) => {
  const redis = client({ batchesWrites: batched });
  // Tags of its own: no other key is in the slot.
  const keys = names.map((name) => `m:{${name} moves ${batched}}`.replaceAll(" ", "-"));
  await Promise.all(keys.map((key) => redis.set(key, "1")));
  const { slot, master, others } = await ownerOf(redis, keys[0]!);
  const target = others[0]!.master;
  const [from, to] = [await master.command("CLUSTER MYID"), await target.command("CLUSTER MYID")];
  await target.command(`CLUSTER SETSLOT ${slot} IMPORTING ${from}`);
  await master.command(`CLUSTER SETSLOT ${slot} MIGRATING ${to}`);
  await master.command(`MIGRATE 127.0.0.1 ${target.port} ${redis.options.keyPrefix}${keys[0]} 0 1000 AUTH topology`);
  // ASK: the key is at the target already; its slot is not.
  expect(await Promise.all(keys.map((key) => redis.incr(key)))).toEqual(keys.map(() => 2));
  for (const one of [target, master]) await one.command(`CLUSTER SETSLOT ${slot} NODE ${to}`);
  // MOVED
  expect(await Promise.all(keys.map((key) => redis.incr(key)))).toEqual(keys.map(() => 3));
});

it("counts the connections to all nodes in its metrics", async () => {
  const redis = connectRedis(cluster.url, { prefix: testPrefix(), name: "spread", onError: () => {} });
  opened.push(redis);
  await Promise.all(names.map((name) => redis.set(name, "1")));
  const text = await metricsText();
  expect(text).toContain('quintet_store_connections{store="redis",pool="spread",state="idle"} 3');
  expect(text).toContain('quintet_store_up{store="redis",pool="spread"} 1');
});

it("refuses a script whose keys are in several slots, on any Redis, before it is sent", async () => {
  const one = connectRedis(inject("redisUrl"), { prefix: testPrefix(), onError: () => {} });
  opened.push(one);
  for (const redis of [one, client()]) {
    const run = luaCommands(redis, new URL("./", import.meta.url), ["two-slots-2"], () => true);
    expect(() => run("two-slots-2", ["a", "b"], [])).toThrow("The keys of two-slots-2 must share a hash tag: a, b");
  }
});

it("reads a stream that blocks, on the node that has it", async () => {
  const prefix = testPrefix();
  const [reader, writer] = [client({ prefix }), client({ prefix })];
  const read = reader.xread("COUNT", 10, "BLOCK", 5000, "STREAMS", "s", "$");
  await until(async () => {
    await writer.xadd("s", "*", "f", "v");
    return (await Promise.race([read, Promise.resolve(undefined)])) !== undefined;
  });
  expect((await read)?.[0]?.[1][0]?.[1]).toEqual(["f", "v"]);
});

type Fault = [string, (node: RedisProcess) => unknown, (node: RedisProcess) => void];
const faults: Fault[] = [
  ["is killed", (node) => node.kill(), (node) => node.start()],
  ["freezes", (node) => node.freeze(), (node) => node.thaw()],
];

it.each(full ? Array.from({ length: 5 }, () => faults).flat() : faults)(
  "a master that %s in mid-load: no command runs twice, or runs although it was refused",
  async (fault, fail, repair) => {
    // Without it no other node's reply tells that a master is missing.
    const coverage = fault === "freezes" ? "no" : "yes";
    for (const node of cluster.nodes) await node.command(`CONFIG SET cluster-require-full-coverage ${coverage}`);
    const redis = client({ batchesWrites: true });
    const waiting = subscriberRedis(redis);
    opened.push(waiting);
    const heard = new Set<string>();
    waiting.on("message", (_channel: string, text: string) => heard.add(text));
    const channel = testPrefix();
    waiting.on("ready", () => waiting.subscribe(channel).catch(() => {}));
    const load = pushLoad(redis);
    await until(async () => load.outcomes.lastDone.size === names.length);
    const { master } = await ownerOf(redis, `list:{${names[0]}}`);
    const failedAt = performance.now();
    await fail(master);
    await until(async () => (await cluster.masters()).every((one) => one.master !== master));
    const replacedAt = performance.now();
    // Every name is served again within a second and a half after Redis has replaced the master.
    await until(async () => names.every((name) => (load.outcomes.lastDone.get(name) ?? 0) > replacedAt));
    expect(performance.now() - replacedAt).toBeLessThan(2500);
    const { done, unknown, refused } = await load.stop();
    const stored = await pushed(redis);
    expect(new Set(stored).size).toBe(stored.length);
    for (const id of stored) expect(refused.has(id), `${id} ran although it was refused`).toBe(false);
    for (const error of refused.values()) expect(isUnavailable(error), error.message).toBe(true);
    for (const error of refused.values()) expect(toProblem(error).status).toBe(503);
    expect(done.length).toBeGreaterThan(0);
    expect(unknown.length + refused.size, `${performance.now() - failedAt} ms`).toBeGreaterThan(0);
    // Messages arrive whichever node a subscriber was connected to.
    await until(async () => {
      await redis.publish(channel, "again").catch(() => {});
      return heard.has("again");
    });
    repair(master);
    await cluster.isWhole();
  },
);

it("a subscription leaves a node that does not respond, though nothing is pending there", async () => {
  const redis = client();
  const subscriber = subscriberRedis(redis);
  opened.push(subscriber);
  const channel = testPrefix();
  const heard: string[] = [];
  subscriber.on("message", (_channel: string, text: string) => heard.push(text));
  subscriber.on("ready", () => subscriber.subscribe(channel).catch(() => {}));
  await until(async () => {
    await redis.publish(channel, "first");
    return heard.length > 0;
  });
  const { remotePort } = (subscriber as unknown as { stream: Socket }).stream;
  const node = cluster.nodes.find(({ port }) => port === remotePort);
  const others = cluster.nodes.filter((each) => each !== node);
  node?.freeze();
  try {
    await until(async () => {
      await others[0]?.command(`PUBLISH ${channel} second`).catch(() => {});
      return heard.includes("second");
    });
  } finally {
    node?.thaw();
  }
  await cluster.isWhole();
});

it("a node that is unreachable fails its commands at once, and no others", async () => {
  const redis = client();
  await Promise.all(names.map((name) => redis.set(`u:{${name}}`, "1")));
  const { master, replica } = await ownerOf(redis, `u:{${names[0]}}`);
  replica.freeze();
  master.freeze();
  try {
    await expect(redis.incr(`u:{${names[0]}}`)).rejects.toBeInstanceOf(OutcomeUnknown);
    const started = performance.now();
    for (let i = 0; i < 100; i++)
      await expect(redis.incr(`u:{${names[0]}}`)).rejects.toMatchObject({ code: "ETIMEDOUT" });
    expect(performance.now() - started).toBeLessThan(500);
  } finally {
    master.thaw();
    replica.thaw();
  }
  await cluster.isWhole();
  await until(async () => (await redis.incr(`u:{${names[0]}}`).catch(() => 0)) > 0);
});

it("a lost reply is repeated by the node that replaced the master", async () => {
  const redis = client();
  const run = luaCommands(redis, new URL("../src/idempotency/", import.meta.url), ["begin-1"], () => true);
  expect(await run("begin-1", ["idempotent:{x}"], ["p", "c", 60_000])).toBe("new");
  const { master } = await ownerOf(redis, "idempotent:{x}");
  master.freeze();
  const again = run("begin-1", ["idempotent:{x}"], ["p", "c", 60_000]).then(
    (state) => state,
    (error: Error) => error,
  );
  expect(await again).toBeInstanceOf(OutcomeUnknown);
  await until(async () => (await run("begin-1", ["idempotent:{x}"], ["p", "c", 60_000]).catch(() => "")) === "new");
  master.thaw();
  await cluster.isWhole();
});
