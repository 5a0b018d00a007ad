import { afterAll, beforeAll, expect, it } from "vitest";
import { type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
  await open.deps.sweep[Symbol.asyncDispose]();
});
afterAll(() => open[Symbol.asyncDispose]());

const of = (tenantId: string, count: number) => Array.from({ length: count }, (_, i) => ({ body: i, tenantId }));

/** Sends messages in requests of 100. */
async function flood(queue: NamedQueue, messages: object[]): Promise<void> {
  for (let at = 0; at < messages.length; at += 100) await queue.send(...messages.slice(at, at + 100));
}

/** Receives and acks messages, ten at a time; the tenants in the order of delivery. */
async function drain(queue: NamedQueue, max = Number.POSITIVE_INFINITY): Promise<string[]> {
  const order: string[] = [];
  while (order.length < max) {
    const found = await queue.receive({ max: 10 });
    if (found.length === 0) break;
    order.push(...found.map(({ tenantId, body }) => `${tenantId ?? ""}${body}`));
    const receipts = found.map(({ receipt }) => receipt);
    await queue.settle("ack", receipts);
  }
  return order;
}

it("a tenant that floods does not make another wait", async () => {
  const queue = await open.makeQueue();
  await flood(queue, of("a", 300));
  await drain(queue, 100);
  await queue.send(...of("b", 5));
  const order = await drain(queue, 20);
  for (let i = 0; i < 5; i++) expect(order, "b waits for two messages of a for each of its own").toContain(`b${i}`);
  const all = [...order, ...(await drain(queue))];
  const inOrder = all.filter((one) => one.startsWith("a"));
  expect(inOrder).toEqual(
    of("a", 300)
      .map(({ body }) => `a${body}`)
      .slice(100),
  );
  // Nothing is left of the tenants.
  expect(await open.redis.exists(queue.key("tenants"))).toBe(0);
  expect(await open.redis.hexists(queue.key("settings"), "virtualTime")).toBe(0);
});

it("messages without a tenant share with those that have one, also those sent before", async () => {
  const queue = await open.makeQueue();
  await queue.send(...Array.from({ length: 50 }, (_, body) => ({ body })));
  await queue.send(...of("b", 3));
  expect((await drain(queue, 10)).filter((one) => one.startsWith("b"))).toHaveLength(3);
  await queue.send(...Array.from({ length: 50 }, (_, body) => ({ body })), ...of("c", 3));
  // 43 that were there before, then 50 in order, and c among the first.
  expect((await drain(queue)).slice(0, 20).filter((one) => one.startsWith("c"))).toHaveLength(3);
  await queue.send({ body: "x" }, { body: "y" });
  expect(await drain(queue)).toEqual(["x", "y"]);
});

it("a tenant blocks nothing: its messages are in flight together, and groups keep their order", async () => {
  const queue = await open.makeQueue();
  await queue.send(
    ...of("a", 3),
    { body: "g1", tenantId: "a", groupId: "g" },
    { body: "g2", tenantId: "b", groupId: "g" },
  );
  const found = await queue.receive();
  expect(found.map(({ body }) => body)).toEqual([0, 1, 2, "g1"]);
  await queue.settle("ack", [found[3]!.receipt]);
  expect(await queue.receive()).toMatchObject([{ body: "g2", tenantId: "b" }]);
});
