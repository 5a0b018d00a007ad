import { metricsText } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queueKeys } from "../src/keys.ts";
import { type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
});
afterAll(() => open[Symbol.asyncDispose]());

type Damage = (queue: NamedQueue) => Promise<unknown>;

const wrongKind = (part: string): [string, Damage, RegExp] => [
  `its ${part} are text`,
  async (queue) => {
    await open.redis.del(queue.key(part));
    await open.redis.set(queue.key(part), "not this");
  },
  new RegExp(`its ${part} are a string instead of a (?:hash|zset)`),
];

const damages: [string, Damage, RegExp][] = [
  ...[
    "settings",
    "records",
    "payloads",
    "ready",
    "delayed",
    "leases",
    "ages",
    "groups",
    "outbox",
    "dead",
    "tenants",
  ].map(wrongKind),
  ["it has no settings", (queue) => open.redis.del(queue.key("settings")), /no settings/],
  ["nothing of it is left", (queue) => open.redis.del(queue.key("settings"), queue.key("records")), /no settings/],
  [
    "a setting is no number",
    (queue) => open.redis.hset(queue.key("settings"), "retentionSeconds", "soon"),
    /cannot be read/,
  ],
  ["a setting is missing", (queue) => open.redis.hdel(queue.key("settings"), "retentionSeconds"), /cannot be read/],
  ["its time of birth is none", (queue) => open.redis.hset(queue.key("settings"), "createdAt", "x"), /cannot be read/],
];

/** A fault that a command meets once and drops, because no message belongs to it. */
const dangling: Damage[] = [
  (queue) => open.redis.zadd(queue.key("leases"), 1, "nobody"),
  (queue) => open.redis.zadd(queue.key("delayed"), 1, "nobody"),
  (queue) => open.redis.zadd(queue.key("ages"), 1, "nobody"),
  async (queue) => {
    await open.redis.hset(queue.key("records"), "x", "\x01");
    await open.redis.zadd(queue.key("leases"), 1, "x");
  },
];

interface Listed {
  queues: { name: string; counts: { length: number } }[];
  broken: { name: string; why: string }[];
}
const list = async () => (await open.request("GET", "/queue/queues?limit=100")).json<Listed>();
const health = async () => {
  const { status, json } = await open.request("GET", "/queue/health");
  return { http: status, ...json<{ checks: { queues: { status: string; why?: string } } }>() };
};

describe("a broken queue", () => {
  it("is named, whatever is wrong with it, and other queues still work", async () => {
    const dead = await open.makeQueue();
    const good = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
    const bad = await Promise.all(
      damages.map(async ([what, damage, why]) => {
        const queue = await open.makeQueue();
        await queue.send({ body: 1 });
        await damage(queue);
        return { what, queue, why };
      }),
    );
    const tripping = await Promise.all(
      dangling.map(async (damage) => {
        const queue = await open.makeQueue();
        await damage(queue);
        return queue;
      }),
    );
    // The list names it and says why.
    const { queues, broken } = await list();
    for (const { what, queue, why } of bad) {
      expect(broken, what).toContainEqual({ name: queue.name, why: expect.stringMatching(why) });
      // The errors of its operations name it.
      const used = await open.request("GET", queue.path);
      expect([404, 500]).toContain(used.status);
      expect(used.text).toContain(queue.name);
    }
    const listed = new Set([...queues, ...broken].map(({ name }) => name));
    for (const { name } of [good, dead, ...tripping]) expect(listed).toContain(name);
    expect((await list()).broken).toHaveLength(bad.length);

    // The sweep still works: a lease of another queue ends, and its message moves to the dead letters while nobody uses either queue.
    await good.send({ body: "dies" });
    await good.receive({ visibilitySeconds: 1 });
    await until(async () => (await open.redis.zcard(dead.key("ready"))) === 1);

    // Health and metrics name it until it is repaired.
    await until(async () => Object.keys(await open.redis.hgetall("registry:{queues}:broken")).length === bad.length);
    const report = await health();
    expect([report.http, report.checks.queues.status]).toEqual([200, "degraded"]);
    expect(report.checks.queues.why).toMatch(/^broken queues: (?:\w+ \([^)]+\), ){10}and \d+ more$/);
    const told = await metricsText();
    for (const { queue } of bad) expect(told).toContain(`quintet_queue_broken{queue="${queue.name}"} 1`);
    const line = `quintet_queue_messages{queue="${dead.name}",state="dead"} 1`;
    await until(async () => (await metricsText()).includes(line));

    for (const { queue } of bad) {
      const { status } = await open.request("DELETE", queue.path, { as: open.people.staff });
      expect(status).toBe(204);
      expect(await open.redis.exists(queueKeys(queue.name))).toBe(0);
      await open.redis.zadd("registry:{queues}:due", 0, queue.name);
    }
    await until(async () => (await health()).checks.queues.status === "ok");
    expect((await list()).broken).toEqual([]);
  });

  it("does not block queues whose dead letters go there", async () => {
    const bad = await open.makeQueue();
    const good = await open.makeQueue({ deadLetterQueue: bad.name, maxReceives: 1 });
    await good.send({ body: 1 }, { body: 2 });
    await open.redis.set(bad.key("ready"), "not this");
    const [first] = await good.receive({ max: 1 });
    expect(await good.settle("nack", [first?.receipt ?? ""])).toEqual(["ok"]);
    expect((await good.receive({ visibilitySeconds: 600 })).map(({ body }) => body)).toEqual([2]);
    const { queues, broken } = await list();
    expect(broken.map(({ name }) => name)).toEqual([bad.name]);
    expect(queues.find(({ name }) => name === good.name)?.counts.length).toBe(2);
    expect((await open.request("GET", good.path)).json()).toMatchObject({ counts: { length: 2 }, deadLetters: null });
    // Once it is repaired, the messages in transfer arrive by themselves.
    await open.redis.del(bad.key("ready"));
    await open.redis.zadd("registry:{queues}:due", 0, good.name);
    await until(async () => (await open.redis.zcard(bad.key("ready"))) === 1);
  });

  it("if it is the simple queue, does not affect named queues", async () => {
    const queue = await open.makeQueue();
    await queue.send({ body: 1 });
    await open.redis.set("simple", "not this");
    for (const [method, path] of [
      ["POST", "/queue/pop"],
      ["GET", "/queue/count"],
    ] as const) {
      const response = await open.request(method, path);
      expect([response.status, response.text]).toEqual([500, expect.stringContaining("push and pop")]);
    }
    const line = `quintet_queue_messages{queue="${queue.name}",state="ready"} 1`;
    await until(async () => (await metricsText()).includes(line));
    expect((await list()).queues.map(({ name }) => name)).toContain(queue.name);
    await open.redis.del("simple");
  });
});
