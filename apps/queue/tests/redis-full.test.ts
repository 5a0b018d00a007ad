import { mkdir, rm } from "node:fs/promises";
import { addToStream } from "@quintet/db";
import { metricsText } from "@quintet/http";
import { expectProblem, type TestResponse, until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";
import { hasRedis, type PrivateRedis, privateRedis } from "./private-redis.ts";

describe.runIf(hasRedis)("when Redis is full", () => {
  let redis: PrivateRedis;
  let open: OpenQueue;
  beforeAll(async () => {
    redis = await privateRedis();
    open = await openQueue({ redisUrl: redis.url });
    await until(async () => (await open.request("GET", "/queue/count")).status === 200);
  });
  afterAll(async () => {
    await open[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  const memory = (bytes: "full" | "enough") => open.redis.config("SET", "maxmemory", bytes === "full" ? "1" : "0");
  const bodies = (messages: { body: unknown }[]) => messages.map(({ body }) => body);
  const post = (path: string, body?: unknown, headers = {}) => open.request("POST", path, { body, headers });
  const staff = (method: string, path: string, body?: object) =>
    open.request(method, path, { as: open.people.staff, body });

  const expectFull = (response: TestResponse, why: RegExp) => {
    expectProblem(response, 503);
    expect(response.json().detail).toMatch(why);
    expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
  };

  describe("memory", () => {
    let dead: NamedQueue;
    let queue: NamedQueue;
    beforeAll(async () => {
      dead = await open.makeQueue();
      queue = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 2 });
      await post("/queue/push", 1);
    });
    afterAll(() => memory("enough"));

    it("operations that add messages fail and say why; all others work", async () => {
      await queue.send(
        { body: "acked" },
        { body: "extended" },
        { body: "given back" },
        { body: "first of g", groupId: "g" },
        { body: "second of g", groupId: "g" },
        { body: "later", delaySeconds: 1 },
        { body: "ends", priority: 1 },
      );
      const [ends] = await queue.receive({ max: 1, visibilitySeconds: 1 });
      expect(ends?.body).toBe("ends");
      await memory("full");

      const full = /out of memory/;
      expectFull(await post("/queue/push", 2), full);
      expectFull(await post("/queue/push", 2, { "Idempotency-Key": "a" }), full);
      expectFull(await post(`${queue.path}/messages`, { body: 1 }), full);
      expectFull(await post(`${queue.path}/messages`, { body: 1, dedupeId: "d", groupId: "g" }), full);
      expectFull(
        await post(`${queue.path}/messages`, { messages: [{ body: 1 }, { body: 2 }] }, { "Idempotency-Key": "b" }),
        full,
      );
      expectFull(await post(`${dead.path}/redrive`), full);

      await open.redis.del("registry:{queues}:due");
      const got = await queue.receive({ visibilitySeconds: 600 });
      // The sweep handles a lease that was granted now.
      expect(await open.redis.zscore("registry:{queues}:due", queue.name)).not.toBeNull();
      expect(bodies(got)).toEqual(expect.arrayContaining(["acked", "extended", "given back", "first of g"]));
      const receiptOf = (body: string) => got.find((one) => one.body === body)?.receipt ?? "";
      expect(await queue.settle("ack", [receiptOf("acked"), receiptOf("first of g")])).toEqual(["ok", "ok"]);
      expect(await queue.settle("extend", [receiptOf("extended")], { visibilitySeconds: 900 })).toEqual(["ok"]);
      expect(await queue.settle("nack", [receiptOf("given back")])).toEqual(["ok"]);
      // A waiting receiver gets what becomes due: the group's next, a nacked message, the end of a delay and of a lease.
      const later: unknown[] = [];
      while (later.length < 4) later.push(...bodies(await queue.receive({ waitSeconds: 20, visibilitySeconds: 600 })));
      expect(later.sort()).toEqual(["ends", "given back", "later", "second of g"]);

      expect((await post("/queue/pop")).json()).toMatchObject({ message: 1 });
      expect((await open.request("GET", "/queue/queues")).status).toBe(200);
      expect((await queue.counts()).length).toBe(5);
      const leased = `quintet_queue_messages{queue="${queue.name}",state="leased"} 5`;
      await until(async () => (await metricsText()).includes(leased));
      expect((await staff("PUT", queue.path, { deadLetterQueue: dead.name, maxReceives: 2 })).status).toBe(200);
      expect((await staff("PUT", "/queue/queues/brief", {})).status).toBe(201);
      expect((await staff("POST", "/queue/queues/brief/purge")).status).toBe(204);
      expect((await staff("DELETE", "/queue/queues/brief")).status).toBe(204);
      await memory("enough");
      await staff("POST", `${queue.path}/purge`);
    });

    it("a dead letter that cannot be transferred blocks nothing, and moves when there is memory again", async () => {
      await queue.send(...Array.from({ length: 120 }, (_, i) => ({ body: i })).slice(0, 100));
      for (let turn = 0; turn < 2; turn++) {
        const dying = await queue.receive({ max: 60 });
        if (turn === 1) await memory("full");
        expect(
          new Set(
            await queue.settle(
              "nack",
              dying.map(({ receipt }) => receipt),
            ),
          ),
        ).toEqual(new Set(["ok"]));
      }
      expect(bodies(await queue.receive({ max: 100, visibilitySeconds: 600 }))).toHaveLength(40);
      expect((await queue.counts()).length).toBe(100);
      expect((await dead.counts()).length).toBe(0);
      expect((await open.request("GET", "/queue/queues")).status).toBe(200);
      await memory("enough");
      await until(async () => (await open.redis.zcard(dead.key("ready"))) === 60);
      expect((await queue.counts()).length).toBe(40);
    });

    it("revocations and audit records are still published", async () => {
      await memory("full");
      await expect(open.redis.xadd("news", "*", "a", "1")).rejects.toThrow("OOM");
      await addToStream(open.redis, "news", "*", "a", "1");
      const batch = open.redis.pipeline();
      addToStream(batch, "news", "MINID", "~", 0, "*", "a", "2");
      expect((await batch.exec())?.[0]?.[0]).toBeNull();
      expect(await open.redis.xlen("news")).toBe(2);
      await memory("enough");
    });
  });

  it("its disk: changes fail, and reading works", async () => {
    const dead = await open.makeQueue();
    const queue = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
    await queue.send({ body: 1 }, { body: 2 });
    const ready = `quintet_queue_messages{queue="${queue.name}",state="ready"} 1`;
    const [first] = await queue.receive({ max: 1, visibilitySeconds: 5 });
    await until(async () => (await metricsText()).includes(ready));
    // A snapshot that fails because its folder is missing, as it does when the disk is full.
    const [, folder = ""] = (await open.redis.config("GET", "dir")) as string[];
    await mkdir(`${folder}/gone`);
    await open.redis.config("SET", "dir", `${folder}/gone`);
    await rm(`${folder}/gone`, { recursive: true });
    await open.redis.config("SET", "save", "1 1000000");
    await open.redis.bgsave().catch(() => {});
    await until(async () => /rdb_last_bgsave_status:err/.test(await open.redis.info("persistence")));
    const why = /cannot write to its disk/;
    expectFull(await post("/queue/push", 1), why);
    expectFull(await post(`${queue.path}/messages`, { body: 3 }), why);
    expectFull(await post(`${queue.path}/receive`, { waitSeconds: 5 }), why);
    expectFull(await post(`${queue.path}/ack`, { receipts: [first?.receipt] }), why);
    expect((await open.request("GET", "/queue/queues")).json()).toMatchObject({ broken: [] });
    expect((await queue.counts()).length).toBe(2);
    expect(await metricsText()).toContain(ready);
    await open.redis.config("SET", "save", "");
    await open.redis.config("SET", "dir", folder);
    expect(bodies(await queue.receive())).toEqual([2]);
    await until(async () => (await open.redis.zcard(dead.key("ready"))) === 1);
  });
});
