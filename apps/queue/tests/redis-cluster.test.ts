import { setTimeout as delay } from "node:timers/promises";
import { expectProblem, until } from "@quintet/http/testing";
import { openRedisCluster, type RedisCluster, type RedisProcess } from "@quintet/stores/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { simpleKey } from "../src/keys.ts";
import { expectConserved, type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";

const full = process.env.QUINTET_FAULTS === "full";

let cluster: RedisCluster;
/** Two processes' worth of the app on the same keys. */
let open: OpenQueue;
let other: OpenQueue;

beforeAll(async () => {
  cluster = await openRedisCluster();
  const settings = { REDIS_WAIT_REPLICAS: "1", REDIS_WAIT_MS: "1000" };
  open = await openQueue({ redisUrl: cluster.url, settings });
  other = await openQueue({ redisUrl: cluster.url, prefix: open.prefix, settings });
});
afterAll(async () => {
  await other?.[Symbol.asyncDispose]();
  await open?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

/** Repeats what this test's own client cannot do yet, since each client notices a fail-over by itself. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  const done = (value: T) => ({ value });
  return (await until(() => work().then(done, () => undefined))).value;
}

/** The master of a key of the app, and its replica. */
async function ownerOf(key: string): Promise<{ master: RedisProcess; replica: RedisProcess }> {
  const slot = Number(await again(() => open.redis.cluster("KEYSLOT", `${open.prefix}queue:${key}`)));
  const all = await cluster.masters();
  const owner = all.find(({ slots }) =>
    slots.some((range) => {
      const [from = 0, to = from] = range.split("-").map(Number);
      return slot >= from && slot <= to;
    }),
  );
  return { master: owner!.master, replica: owner!.replicas[0]! };
}

/** Queues on each of the three masters. */
async function spreadQueues(settings: object = {}): Promise<NamedQueue[]> {
  const found = new Map<RedisProcess, NamedQueue>();
  while (found.size < 3) {
    const queue = await open.makeQueue(settings);
    found.set((await ownerOf(queue.key("settings"))).master, queue);
  }
  return [...found.values()];
}

const post = (path: string, body: unknown = {}, headers = {}) => open.request("POST", path, { body, headers });

it("serves all operations, with queues, dead letters and receivers on different nodes", async () => {
  const [first, second, third] = (await spreadQueues()) as [NamedQueue, NamedQueue, NamedQueue];
  const staff = { as: open.people.staff };
  const dying = { deadLetterQueue: second.name, maxReceives: 1, visibilitySeconds: 1 };
  expect((await open.request("PUT", first.path, { ...staff, body: dying })).status).toBe(200);

  // A receiver of one process gets what another process sends, whichever nodes both use.
  for (const queue of [first, second, third]) {
    const waiting = other.request("POST", `${queue.path}/receive`, { body: { waitSeconds: 20 } });
    await until(async () => other.deps.waiting.hasWaiting(queue.name));
    await queue.send({ body: queue.name });
    const { messages } = (await waiting).json<{ messages: { body: unknown; receipt: string }[] }>();
    expect(messages[0]?.body).toBe(queue.name);
    expect(await queue.settle("ack", [messages[0]?.receipt ?? ""])).toEqual(["ok"]);
  }

  // To the dead-letter queue on another node, and back.
  const ids = await first.send({ body: 1, groupId: "g" }, { body: 2 });
  const received = await first.receive({ visibilitySeconds: 600 });
  await first.settle(
    "nack",
    received.map(({ receipt }) => receipt),
  );
  await until(async () => (await second.counts()).ready === 2);
  expect((await post(`${second.path}/redrive`)).json()).toMatchObject({ moved: 2 });
  await until(async () => (await first.counts()).ready === 2);
  expect((await first.receive({ visibilitySeconds: 0 })).map(({ id }) => id).sort()).toEqual(ids.sort());

  // The simple queue, and requests with a key.
  const pushed = await post("/queue/push", { n: 1 }, { "Idempotency-Key": "one" });
  expect(pushed.status).toBe(201);
  expect((await post("/queue/push", { n: 1 }, { "Idempotency-Key": "one" })).json()).toEqual(pushed.json());
  expect((await post("/queue/pop")).json()).toMatchObject({ message: { n: 1 } });
  const keyed = () => post(`${third.path}/messages`, { body: 1 }, { "Idempotency-Key": "two" });
  expect((await keyed()).json()).toEqual((await keyed()).json());

  const list = await open.request("GET", "/queue/queues");
  expect(list.json()).toMatchObject({ broken: [] });
  // What is wrong with a queue is found on its node.
  await open.redis.set(third.key("delayed"), "text");
  expect((await open.request("GET", third.path)).json().detail).toMatch(/its delayed are a string/);
  expect((await open.request("DELETE", third.path, staff)).status).toBe(204);
});

it("tells of the cluster in its information and its health", async () => {
  const info = await open.request("GET", "/queue/info", { as: open.people.staff });
  expect(info.json()).toMatchObject({ redis: { mode: "cluster", role: "master", replicas: 3 } });
  const { nodes } = info.json<{ redis: { nodes: { slots: number; keys: number; replicas: number }[] } }>().redis;
  expect(nodes.map(({ replicas }) => replicas)).toEqual([1, 1, 1]);
  expect(nodes.reduce((sum, { slots }) => sum + slots, 0)).toBe(16_384);
  const health = await open.request("GET", "/queue/health");
  expect([health.status, health.json()]).toMatchObject([
    200,
    { checks: { redis: { status: "ok", details: { masters: 3, slotsServed: 16_384, replicas: 1, waitReplicas: 1 } } } },
  ]);
});

describe("with REDIS_WAIT_REPLICAS", () => {
  it("a change that no replica has is a 503, and a fail-over loses nothing that was confirmed", async () => {
    const queue = await open.makeQueue();
    const { master, replica } = await ownerOf(queue.key("settings"));
    const confirmed = await queue.send({ body: "before" });
    const send = async (body: unknown) => {
      const response = await post(`${queue.path}/messages`, { body });
      if (response.status === 201)
        confirmed.push(...response.json<{ messages: { id: string }[] }>().messages.map((m) => m.id));
      return response;
    };
    // The replica cannot get back to its master, so that nothing after this moment is replicated.
    await replica.command("CONFIG SET masterauth wrong");
    await master.command("CLIENT KILL TYPE replica");
    const refused = await send("after");
    expectProblem(refused, 503);
    expect(refused.json().detail).toMatch(/too few replicas/);
    for (let i = 0; i < 3; i++) await send(i);
    const health = await open.request("GET", "/queue/health");
    expect([health.status, health.json()]).toMatchObject([
      200,
      { status: "degraded", checks: { redis: { why: expect.stringMatching(/0 of the 1 replicas/) } } },
    ]);
    await master.kill();
    await until(async () => (await open.request("GET", queue.path)).status === 200);
    expect(await again(() => open.redis.hkeys(queue.key("records")))).toEqual(expect.arrayContaining(confirmed));
    expectConserved((await open.request("GET", queue.path)).json());
    await replica.command("CONFIG SET masterauth topology");
    master.start();
    await cluster.isWhole();
  });

  it.each(full ? Array.from({ length: 6 }, (_, i) => (i % 2 === 0 ? "killed" : "frozen")) : ["killed"])(
    "a master that is %s in mid-load loses no message whose send or push returned 201",
    async (fault) => {
      const queues = await spreadQueues();
      const simple = await ownerOf(simpleKey);
      const sent = new Map<string, string[]>(queues.map(({ name }) => [name, []]));
      const pushed: string[] = [];
      let refused = 0;
      let isRunning = true;
      const lastConfirmed = new Map<string, number>();
      const loads = [0, 1, 2, 3].flatMap((i) => [
        ...queues.map(async (queue) => {
          const app = i % 2 === 0 ? open : other;
          while (isRunning) {
            const response = await app.request("POST", `${queue.path}/messages`, { body: { body: i } });
            if (response.status === 201) {
              sent.get(queue.name)?.push(...response.json<{ messages: { id: string }[] }>().messages.map((m) => m.id));
              lastConfirmed.set(queue.name, performance.now());
            } else {
              expect(response.status).toBe(503);
              refused++;
              await delay(20);
            }
          }
        }),
        (async () => {
          while (isRunning) {
            const response = await post("/queue/push", i);
            if (response.status === 201) pushed.push(response.json<{ id: string }>().id);
            else await delay(20);
          }
        })(),
      ]);
      await until(async () => pushed.length > 20 && [...sent.values()].every((ids) => ids.length > 20));
      const failing = simple.master;
      if (fault === "killed") await failing.kill();
      else failing.freeze();
      await until(async () => (await cluster.masters()).every(({ master }) => master !== failing));
      // Until it has a replica of its own, the new master cannot confirm anything.
      if (fault === "killed") failing.start();
      else failing.thaw();
      const replacedAt = performance.now();
      const before = pushed.length;
      await until(
        async () => pushed.length > before + 20 && [...lastConfirmed.values()].every((at) => at > replacedAt),
      );
      // Beyond what Redis takes, the outage costs no more than the time to notice and to replicate.
      expect(performance.now() - replacedAt).toBeLessThan(4000);
      isRunning = false;
      await Promise.all(loads);
      expect(refused).toBeGreaterThan(0);
      await cluster.isWhole();
      for (const queue of queues) {
        const stored = new Set(await again(() => open.redis.hkeys(queue.key("records"))));
        expect(sent.get(queue.name)?.filter((id) => !stored.has(id))).toEqual([]);
        expectConserved((await open.request("GET", queue.path)).json());
      }
      const entries = await again(() => open.redis.lrange(simpleKey, "0", "-1"));
      const inList = new Set(entries.map((entry) => entry.slice(0, 36)));
      expect(pushed.filter((id) => !inList.has(id))).toEqual([]);
      expect(inList.size).toBe(entries.length);
      await open.redis.del(simpleKey);
    },
  );
});
