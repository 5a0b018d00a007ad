import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { system } from "../src/commands/caller.ts";
import { loadCommands } from "../src/commands/load.ts";
import { queueCommands } from "../src/commands/queue-commands.ts";
import { type OpenQueue, openQueue } from "./open-queue.ts";
import { hasRedis, type PrivateRedis, privateRedis } from "./private-redis.ts";

const due = "registry:{queues}:due";
const patrol = "registry:{queues}:patrol";

describe("queues that are due", () => {
  let open: OpenQueue;
  beforeAll(async () => {
    open = await openQueue();
  });
  afterAll(() => open[Symbol.asyncDispose]());

  it("are taken once, and again after an interrupted inspection", async () => {
    const commands = open.deps.due;
    await commands.mark("cut-off", 0);
    const taken = await commands.take({ sweepMs: 0, max: 10, retryMs: 200 });
    expect(taken?.names).toEqual(["cut-off"]);
    expect((await commands.take({ sweepMs: 0, max: 10, retryMs: 200 }))?.names).toEqual([]);
    await until(async () => (await commands.take({ sweepMs: 0, max: 10, retryMs: 10_000 }))?.names.includes("cut-off"));
    await open.redis.del(due);
  });

  it("are taken again when they were marked during the inspection, whatever it found", async () => {
    const commands = open.deps.due;
    for (const nextMs of [undefined, 1_000_000]) {
      await commands.mark("used", 0);
      const taken = await commands.take({ sweepMs: 0, max: 10, retryMs: 10_000 });
      await commands.mark("used", 0);
      await commands.reschedule(taken?.retryAt ?? "", [{ name: "used", nextMs }]);
      expect((await commands.take({ sweepMs: 0, max: 10, retryMs: 10_000 }))?.names).toEqual(["used"]);
      await open.redis.del(due);
    }
  });

  it("are swept by one process at a time, and by another when that one stops", async () => {
    await until(async () => (await open.redis.exists("registry:{queues}:sweeper")) === 0);
    const options = { sweepMs: 300, max: 10, retryMs: 10_000 };
    expect(await open.deps.due.take(options)).toBeDefined();
    expect(await open.deps.due.take(options)).toBeUndefined();
    await until(async () => open.deps.due.take(options));
  });

  it("are marked by every command that may make something due, before it runs", async () => {
    const queue = await open.makeQueue();
    const noted = async (act: () => Promise<unknown>) => {
      await open.redis.del(due);
      await act();
      return (await open.redis.zscore(due, queue.name)) !== null;
    };
    await open.deps.sweep[Symbol.asyncDispose]();
    expect(await noted(() => queue.send({ body: 1 }))).toBe(true);
    let receipt = "";
    expect(
      await noted(async () => {
        receipt = (await queue.receive())[0]?.receipt ?? "";
      }),
    ).toBe(true);
    expect(await noted(() => queue.settle("extend", [receipt], { visibilitySeconds: 1 }))).toBe(true);
    expect(await noted(() => queue.settle("nack", [receipt]))).toBe(true);
    expect(await noted(() => open.request("PUT", queue.path, { as: open.people.staff, body: {} }))).toBe(true);
    expect(await noted(() => open.request("POST", `${queue.path}/redrive`, {}))).toBe(true);
    expect(await noted(() => queue.counts())).toBe(false);
  });

  it("are found by the scan when nothing was marked, as by earlier versions", async () => {
    await using other = await openQueue();
    const dead = await other.makeQueue();
    const queue = await other.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
    // Commands as in earlier versions: without a mark.
    const commands = queueCommands(
      other.redis,
      loadCommands(other.redis),
      `${other.prefix}queue:`,
      other.deps.allowances,
    );
    const message = { payload: "1", delayMs: undefined, dedupeId: "", groupId: "", priority: 0 };
    await commands.send(queue.name, [{ ...message, id: crypto.randomUUID() }]);
    await commands.claim(queue.name, { max: 1, visibilityMs: 1, lease: "x".repeat(22) });
    await other.redis.del(due, patrol);
    await until(async () => (await other.redis.zcard(dead.key("ready"))) === 1);
  });
});

describe.runIf(hasRedis)("idle queues", () => {
  let redis: PrivateRedis;
  let open: OpenQueue;
  const idle = 1000;

  beforeAll(async () => {
    redis = await privateRedis();
    open = await openQueue({ redisUrl: redis.url });
    await until(async () => (await open.request("GET", "/queue/count")).status === 200);
    await open.redis.hset(patrol, "restsUntil", Date.now() + 3_600_000);
    const message = { payload: "1", delayMs: undefined, dedupeId: "", groupId: "", priority: 0 };
    const settings = { visibilitySeconds: 30, maxReceives: "", deadLetterQueue: "", retentionSeconds: 345_600 };
    const names = Array.from({ length: idle }, (_, i) => `idle-${i}`);
    await Promise.all(
      names.map(async (name) => {
        await open.deps.registry.register(name, { deadLetterQueue: null, caller: system, maxQueues: 1 });
        await open.deps.commands.configure(name, { ...settings, delaySeconds: 0, maxLength: "" });
        await open.deps.commands.send(name, [{ ...message, id: crypto.randomUUID() }]);
      }),
    );
  });
  afterAll(async () => {
    await open[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  it("cost nothing: the sweep reads only what is due, however many there are", async () => {
    expect((await open.request("GET", "/queue/queues?limit=1")).status).toBe(200);
    // Each was inspected once after it was used; the next time is when its message expires.
    await until(async () => (await open.redis.zcount(due, "-inf", Date.now() + 3_600_000)) === 0);
    expect(await open.redis.zcard(due)).toBe(idle);
    const calls = async () => {
      const stats = await open.redis.info("commandstats");
      return [...stats.matchAll(/calls=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    };
    const before = await calls();
    const from = performance.now();
    await until(async () => performance.now() - from > 3000);
    const perSecond = (await calls()) - before;
    // About ten commands for each round of the sweep, and those that count them.
    expect(perSecond / ((performance.now() - from) / 1000)).toBeLessThan(40);
  });
});
