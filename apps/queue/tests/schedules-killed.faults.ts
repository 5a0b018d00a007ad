import { setTimeout as pause } from "node:timers/promises";
import { until } from "@quintet/http/testing";
import { expect, it } from "vitest";
import { leaderKey, scheduleKeys } from "../src/keys.ts";
import { startLeading } from "./killed-leader.ts";
import { openQueue } from "./open-queue.ts";

it("leaders that are killed while they fire send one message for each time of each schedule", async () => {
  await using open = await openQueue();
  const queue = await open.makeQueue();
  const names = Array.from({ length: 60 }, (_, i) => `k${i}`);
  const put = (name: string) =>
    open.request("PUT", `/queue/schedules/${name}`, { body: { cron: "0 0 1 1 *", queue: queue.name, body: name } });
  await Promise.all(names.map(put));
  const due = Date.now() - 60_000;
  let killed = 0;
  const fired = async () => Number(await open.redis.zcount(scheduleKeys.times, Date.now(), "+inf"));
  while (killed < 20 || (await fired()) < names.length) {
    // Due again for the same time, as if the process had been killed before it settled them.
    for (const name of names) await open.redis.zadd(scheduleKeys.times, due, name);
    await open.redis.del(leaderKey);
    await using child = await startLeading(open, {});
    await until(async () => (await fired()) > 0);
    if (killed++ < 20) await pause(killed);
    else await until(async () => (await fired()) === names.length);
    await child.kill();
  }
  const found = [...(await queue.receive()), ...(await queue.receive())];
  expect(found.map(({ body }) => body).toSorted()).toEqual(names.toSorted());
});
