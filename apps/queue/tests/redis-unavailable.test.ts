import { expectProblem, type TestResponse, until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenQueue, openQueue } from "./open-queue.ts";
import { hasRedis, type PrivateRedis, privateRedis } from "./private-redis.ts";

// These tests stop and kill Redis, so they have one of their own.
describe.runIf(hasRedis)("when Redis is unavailable", () => {
  let redis: PrivateRedis;
  let open: OpenQueue;
  const kill = () => redis.kill();
  const start = () => redis.start();
  // The clients of the app and of the test reconnect independently.
  const isBack = () =>
    until(async () => {
      const pong = await open.redis.ping().catch(() => undefined);
      return pong === "PONG" && (await open.request("GET", "/queue/count")).status === 200;
    });

  beforeAll(async () => {
    redis = await privateRedis();
    open = await openQueue({ redisUrl: redis.url });
    await isBack();
  });
  afterAll(async () => {
    await open[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  it("responds 503, and a crash loses no message whose send returned 201", async () => {
    const queue = await open.makeQueue({ visibilitySeconds: 1 });
    const ids = await queue.send({ body: 1, groupId: "g" }, { body: 2, groupId: "g" }, { body: 3 });
    const [first] = await queue.receive({ max: 1, visibilitySeconds: 600 });
    const pushed = await open.request("POST", "/queue/push", { body: '{"n":1e400}' });
    expect(pushed.status).toBe(201);
    await kill();

    const away = await Promise.all([
      open.request("POST", "/queue/push", { body: 1 }),
      open.request("POST", "/queue/pop"),
      open.request("GET", "/queue/count"),
      open.request("GET", "/queue/info", { as: open.people.staff }),
      open.request("GET", "/queue/queues"),
      open.request("GET", queue.path),
      open.request("PUT", queue.path, { as: open.people.staff, body: {} }),
      open.request("POST", `${queue.path}/messages`, { body: { body: 1 } }),
      open.request("POST", `${queue.path}/receive`, { body: { waitSeconds: 20 } }),
      open.request("POST", `${queue.path}/ack`, { body: { receipts: [first?.receipt] } }),
    ]);
    for (const response of away) expectAway(response);
    const health = await open.request("GET", "/queue/health");
    expect([health.status, health.json()]).toMatchObject([503, { checks: { redis: { status: "failing" } } }]);
    expect((await open.request("GET", "/queue")).status).toBe(200);

    start();
    await isBack();
    expect((await open.request("POST", "/queue/pop")).text).toContain('"message":{"n":1e400}}');
    expect((await queue.counts()).length).toBe(3);
    // The lease still belongs to the first receiver.
    expect((await queue.receive()).map((message) => message.id)).toEqual([ids[2]]);
    expect(await queue.settle("ack", [first?.receipt ?? ""])).toEqual(["ok"]);
    expect((await queue.receive()).map((message) => message.body)).toEqual([2]);
  });

  it("responds 503 when its memory is full, and still delivers messages", async () => {
    const queue = await open.makeQueue();
    await queue.send({ body: 1 }, { body: 2, groupId: "g" }, { body: 3, groupId: "g" });
    await open.redis.config("SET", "maxmemory", "1");
    expectAway(await open.request("POST", "/queue/push", { body: 1 }));
    expectAway(await open.request("POST", `${queue.path}/messages`, { body: { body: 4, dedupeId: "d" } }));
    await open.redis.config("SET", "maxmemory", "0");
    expect((await queue.counts()).length).toBe(3);
    const [first, second] = await queue.receive();
    await open.redis.config("SET", "maxmemory", "1");
    const receipts = [first?.receipt ?? "", second?.receipt ?? ""];
    expect(await queue.settle("ack", receipts)).toEqual(["ok", "ok"]);
    expect((await queue.receive()).map((message) => message.body)).toEqual([3]);
    await open.redis.config("SET", "maxmemory", "0");
    expect((await queue.counts()).length).toBe(1);
  });

  it("ends the waiting of receivers, and serves those that wait again", async () => {
    const queue = await open.makeQueue();
    const isWaiting = () => until(async () => open.deps.waiting.hasWaiting(queue.name));
    const waiting = open.request("POST", `${queue.path}/receive`, { body: { waitSeconds: 20 } });
    await isWaiting();
    await kill();
    expectAway(await waiting);
    start();
    await isBack();
    // The connection that wakes receivers reconnects by itself as well; until then waiting is a 503.
    const mayWait = { body: { waitSeconds: 1 } };
    await until(async () => (await open.request("POST", `${queue.path}/receive`, mayWait)).status === 200);
    const again = queue.receive({ waitSeconds: 20 });
    await isWaiting();
    await queue.send({ body: "back" });
    expect(await again).toMatchObject([{ body: "back" }]);
  });
});

function expectAway(response: TestResponse): void {
  expectProblem(response, 503);
  expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
  expect(response.text).not.toMatch(/ECONN|127\.0\.0\.1|redis:/i);
}
