import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { leaderKey } from "../src/keys.ts";
import { startLeading } from "./killed-leader.ts";
import { type OpenQueue, openQueue } from "./open-queue.ts";

const settings = { WEBHOOKS_PRIVATE_ADDRESSES: "true", QUINTET_SECRET: randomBytes(32).toString("hex") };
let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue({ settings });
});
afterAll(() => open[Symbol.asyncDispose]());

it("a leader that is killed between the claim and the response is replaced within seconds, and the message delivered again", async () => {
  const held: ServerResponse[] = [];
  const receives: number[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    receives.push(JSON.parse(text).data.receives);
    if (receives.length === 1) held.push(response);
    else response.writeHead(204).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    const queue = await open.makeQueue();
    await open.request("PUT", `${queue.path}/subscriptions/hook`, { body: { url } });
    await queue.send({ body: 1 });
    await using first = await startLeading(open, settings);
    await until(() => held.length === 1);
    open.deps.leader.start();
    const leader = await open.redis.get(leaderKey);
    await first.kill();
    const killed = performance.now();
    await until(async () => ![null, leader].includes(await open.redis.get(leaderKey)));
    expect(performance.now() - killed).toBeLessThan(8000);
    // The lease ends, as if its time had passed.
    const [id = ""] = await open.redis.zrange(queue.key("leases"), "0", "0");
    await open.redis.zadd(queue.key("leases"), 1, id);
    await open.redis.hset(queue.key("settings"), "nextDue", "1");
    await open.redis.publish(`${open.prefix}queue:wake:${queue.name}`, "");
    await until(async () => (await queue.counts()).length === 0);
    expect(receives).toEqual([1, 2]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
