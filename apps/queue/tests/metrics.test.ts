import { isDeepStrictEqual } from "node:util";
import { metricsText } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { expect, it } from "vitest";
import { scheduleKeys } from "../src/keys.ts";
import { openQueue } from "./open-queue.ts";

it("reports how many messages each queue has, and how many of them are dead letters", async () => {
  await using queues = await openQueue();
  const dead = await queues.makeQueue();
  const orders = await queues.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
  await orders.send({ body: 1 }, { body: 2 }, { body: 3, delaySeconds: 600 }, { body: 4 });
  const [first] = await orders.receive({ max: 1 });
  await orders.settle("nack", [first?.receipt ?? ""]);
  await orders.receive({ max: 1, visibilitySeconds: 600 });
  expect((await queues.request("POST", "/queue/push", { body: { hello: "world" } })).status).toBe(201);
  const reported = async () => (await metricsText()).match(/^quintet_queue_messages\{.*\} [1-9]\d*$/gm)?.toSorted();
  const expected = [
    'quintet_queue_messages{queue="(push and pop)",state="ready"} 1',
    'quintet_queue_messages{queue="q1",state="dead"} 1',
    'quintet_queue_messages{queue="q2",state="delayed"} 1',
    'quintet_queue_messages{queue="q2",state="leased"} 1',
    'quintet_queue_messages{queue="q2",state="ready"} 1',
  ];
  await until(async () => isDeepStrictEqual(await reported(), expected));
  await queues.deps[Symbol.asyncDispose]();
  expect(await metricsText()).not.toContain("quintet_queue_messages{");
});

it("reports how webhooks and schedules fare", async () => {
  await using queues = await openQueue({ settings: { WEBHOOKS_PRIVATE_ADDRESSES: "true" } });
  const queue = await queues.makeQueue();
  const put = (path: string, body: object) => queues.request("PUT", path, { body });
  const nobody = "http://127.0.0.1:1025/hook"; // Nothing listens there.
  expect((await put(`${queue.path}/subscriptions/hook`, { url: nobody })).status).toBe(201);
  expect((await put("/queue/schedules/ticks", { cron: "@daily", queue: queue.name, body: 1 })).status).toBe(201);
  expect((await put("/queue/schedules/lost", { cron: "@daily", queue: "nowhere", body: 1 })).status).toBe(201);
  for (const name of ["ticks", "lost"]) await queues.redis.zadd(scheduleKeys.times, Date.now() - 90_000, name);
  const reports = async (line: string | RegExp) => (await metricsText()).match(line) !== null;
  const value = async (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(await metricsText())?.[1]);
  expect(await reports(/^quintet_queue_schedules 2$/m)).toBe(true);
  expect(await value("quintet_queue_schedule_overdue_seconds")).toBeGreaterThan(89);

  queues.deps.leader.start();
  await until(() => reports(`quintet_queue_webhook_failures{queue="${queue.name}"} `));
  await until(() => reports('quintet_queue_webhooks{status="failing"} 1'));
  await until(() => reports(/^quintet_queue_webhook_deliveries_total\{outcome="failed"\} [1-9]/m));
  await until(() => reports('quintet_queue_schedule_messages_total{outcome="sent"} 1'));
  await until(() => reports(/^quintet_queue_schedule_messages_total\{outcome="failed"\} [1-9]/m));
  expect(await value("quintet_queue_schedule_overdue_seconds")).toBe(0);
  await queues.request("DELETE", `${queue.path}/subscriptions/hook`);
  await until(async () => !(await reports("quintet_queue_webhook_failures{")));
});
