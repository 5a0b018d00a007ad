import { metricsText } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { MinuteOfQueue } from "../src/figures/rates.ts";
import { type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue({ settings: { QUEUE_METRICS_MAX_QUEUES: "2" } });
});
afterAll(() => open[Symbol.asyncDispose]());

const figuresOf = async (name: string) => (await open.deps.readFigures()).find((one) => one.name === name);
const becomes = (name: string, expected: object) =>
  until(async () => {
    const figures = await figuresOf(name);
    return Object.entries(expected).every(([field, value]) => Reflect.get(figures ?? {}, field) === value);
  });

it("figures follow every change of a queue, and leave with it", async () => {
  const queue = await open.makeQueue();
  await queue.send({ body: 1 }, { body: 2 }, { body: 3, delaySeconds: 900 });
  const [first] = await queue.receive({ max: 1, visibilitySeconds: 900 });
  await becomes(queue.name, { ready: 1, delayed: 1, leased: 1, length: 3 });
  // An ack makes nothing due.
  await queue.settle("ack", [first?.receipt ?? ""]);
  await becomes(queue.name, { leased: 0, length: 2 });
  expect((await figuresOf(queue.name))?.flow).toMatchObject({ sent: 3, received: 1, acked: 1 });

  const rates = (await open.request("GET", `${queue.path}/rates`)).json<{ minutes: MinuteOfQueue[] }>();
  const sum = (of: "sent" | "received" | "acked") => rates.minutes.reduce((total, minute) => total + minute[of], 0);
  expect([sum("sent"), sum("received"), sum("acked"), rates.minutes.at(-1)?.length]).toEqual([3, 1, 1, 2]);

  expect((await open.request("DELETE", queue.path, { as: open.people.staff })).status).toBe(204);
  await until(async () => (await figuresOf(queue.name)) === undefined);
  expect(await open.redis.hget("figures:{figures}:minutes", queue.name)).toBeNull();
  expect((await open.request("GET", `${queue.path}/rates`)).status).toBe(404);
});

it("keeps an hour of samples, and the last one before it", async () => {
  const { figures } = open.deps;
  const minute = Math.floor(Date.now() / 60_000);
  const old = [120, 90, 61, 50, 1].map((ago, i) => [minute - ago, i, 0, 0, i]);
  await open.redis.hset("figures:{figures}:minutes", "kept", JSON.stringify(old));
  const found = { figures: "[]", sample: [9, 0, 0, 9] };
  await figures.record([{ name: "kept", found }]);
  await figures.record([{ name: "kept", found }]);
  const [samples = []] = (await figures.readSamples(["kept"])).samples;
  expect(samples.map(([at, sent]) => [minute - at, sent]).slice(0, 3)).toEqual([
    [61, 2],
    [50, 3],
    [1, 4],
  ]);
  expect(samples).toHaveLength(4);
  await figures.record([{ name: "kept", found: undefined }]);
});

it("metrics of their own have the queues that need attention, without a look at any queue; sums are of all", async () => {
  const dead = await open.makeQueue();
  const queues = [await open.makeQueue(), await open.makeQueue({ deadLetterQueue: dead.name })];
  for (const queue of [dead, ...queues]) await queue.send({ body: 1 });
  for (const queue of queues) await becomes(queue.name, { ready: 1 });
  await becomes(dead.name, { dead: 1 });
  await open.deps.sweep[Symbol.asyncDispose]();
  // A scrape would find no queue.
  await Promise.all([dead, ...queues].map((queue) => open.redis.unlink(queue.key("settings"))));
  const text = await metricsText();
  const named = new Set([...text.matchAll(/^quintet_queue_messages\{queue="(q\d+)"/gm)].map(([, name]) => name));
  expect(named.size).toBe(2);
  expect(named).toContain(dead.name);
  expect(text).toContain(`quintet_queue_messages{queue="${dead.name}",state="dead"} 1`);
  expect(text).toContain("quintet_queue_all 3");
  expect(text).toContain('quintet_queue_all_messages{state="ready"} 2');
  expect(text).toContain('quintet_queue_all_flow{event="sent"} 3');
});

it("queues of a version without figures get them when metrics are first read", async () => {
  await using other = await openQueue();
  const queue = await other.makeQueue();
  await other.redis.del("registry:{queues}:due");
  await other.redis.hset("registry:{queues}:patrol", "restsUntil", Date.now() + 3_600_000);
  await until(async () =>
    (await metricsText()).includes(`quintet_queue_messages{queue="${queue.name}",state="ready"} 0`),
  );
});
