import { isDeepStrictEqual } from "node:util";
import { metricsText } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { expect, it } from "vitest";
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
