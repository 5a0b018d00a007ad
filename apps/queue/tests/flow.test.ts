import { metricsText } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadCommands } from "../src/commands/load.ts";
import { commandKeys, replyKey } from "../src/keys.ts";
import type { Flow } from "../src/queues/flow.ts";
import { createSweep } from "../src/sweep.ts";
import { expectConserved, type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
  await open.deps.sweep[Symbol.asyncDispose](); // Only the test changes anything.
});
afterAll(() => open[Symbol.asyncDispose]());

const none = { sent: 0, received: 0, acked: 0, expired: 0, purged: 0, movedIn: 0, movedOut: 0 };

async function flow(queue: NamedQueue): Promise<Flow> {
  const shown = (await open.request("GET", queue.path)).json<{ counts: Record<string, number>; flow: Flow }>();
  expectConserved(shown);
  return shown.flow;
}
const receipts = (messages: { receipt: string }[]) => messages.map(({ receipt }) => receipt);
const purge = (queue: NamedQueue) => open.request("POST", `${queue.path}/purge`, { as: open.people.staff });

/** Returns leased messages as `nack` does, in a process that dies before it delivers the dead letters. */
async function giveBackAndDie(queue: NamedQueue, held: string[]): Promise<void> {
  const deliveries = held.flatMap((receipt) => [receipt.slice(0, 36), receipt.slice(36)]);
  const keys = [...commandKeys(queue.name), replyKey(queue.name, "dead")];
  await loadCommands(open.redis)("release-14", keys, ["channel", "", held[0] ?? "", 0, 0, ...deliveries]);
}

it("counts the messages that enter and leave a queue, and how", async () => {
  const dead = await open.makeQueue();
  const queue = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
  await queue.send({ body: 1 }, { body: 2, groupId: "g" }, { body: 3, groupId: "g" }, { body: 4, dedupeId: "d" });
  await queue.send({ body: 4, dedupeId: "d" }, { body: 5, delaySeconds: 900 });
  expect(await flow(queue)).toEqual({ ...none, sent: 5 });
  const [first, second, third] = await queue.receive();
  expect(await flow(queue)).toEqual({ ...none, sent: 5, received: 3 });
  await queue.settle("ack", receipts([first!, first!]));
  await queue.settle("nack", receipts([second!, third!]));
  expect(await flow(queue)).toEqual({ ...none, sent: 5, received: 3, acked: 1, movedOut: 2 });
  expect(await flow(dead)).toEqual({ ...none, movedIn: 2 });
  expect((await open.request("POST", `${dead.path}/redrive`)).json()).toEqual({ moved: 2 });
  expect(await flow(dead)).toEqual({ ...none, movedIn: 2, movedOut: 2 });
  expect(await flow(queue)).toEqual({ ...none, sent: 5, received: 3, acked: 1, movedOut: 2, movedIn: 2 });
  const [oldest] = await open.redis.zrange(queue.key("ages"), "0", "0");
  await open.redis.zadd(queue.key("ages"), 1, oldest!);
  expect(await flow(queue)).toMatchObject({ sent: 5, expired: 1 });
  await purge(queue);
  const all = { sent: 5, received: 3, acked: 1, expired: 1, purged: 3, movedOut: 2, movedIn: 2 };
  expect(await flow(queue)).toEqual(all);
  const lines = Object.entries(all).map(([event, number]) => {
    return `quintet_queue_flow{queue="${queue.name}",event="${event}"} ${number}`;
  });
  await using sweep = createSweep(open.deps, () => {});
  sweep.start();
  await until(async () => {
    const reported = await metricsText();
    return lines.every((line) => reported.includes(line));
  });
});

it("counts messages that return from a deleted destination as moved in", async () => {
  const dead = await open.makeQueue();
  const queue = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
  await queue.send({ body: 1 }, { body: 2, groupId: "g" });
  const held = receipts(await queue.receive());
  await open.deps.commands.delete(dead.name);
  await queue.settle("nack", held);
  expect(await flow(queue)).toEqual({ ...none, sent: 2, received: 2, movedOut: 2, movedIn: 2 });
});

it("a purge does not delete messages that are being transferred to another queue", async () => {
  const dead = await open.makeQueue();
  const queue = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
  await queue.send({ body: 1 }, { body: 2 });
  await giveBackAndDie(queue, receipts(await queue.receive({ max: 1 })));
  await purge(queue);
  expect(await flow(queue)).toEqual({ ...none, sent: 2, received: 1, purged: 1, movedOut: 1 });
  expect(await dead.receive()).toMatchObject([{ body: 1, deadLetterOf: queue.name }]);
});

it("a queue of a version without counters is counted from now on, and its outbox is delivered once", async () => {
  const dead = await open.makeQueue();
  const queue = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
  await queue.send(
    { body: 1 },
    { body: 2, groupId: "g" },
    { body: 3, groupId: "g", dedupeId: "d" },
    { body: 4 },
    { body: 5 },
  );
  const [acked, moving, held] = await queue.receive({ max: 3 });
  await queue.settle("ack", receipts([acked!]));
  await giveBackAndDie(queue, receipts([moving!]));
  for (const { key } of [queue, dead]) {
    await open.redis.hdel(key("settings"), "lastBefore", "movesBefore", "incarnation", ...Object.keys(none));
  }
  for (const part of ["dedupe-ids", "dedupe-times"]) await open.redis.persist(queue.key(part));
  // Four were left, one of them in the outbox.
  expect(await queue.settle("ack", receipts([held!]))).toEqual(["ok"]);
  expect(await flow(queue)).toEqual({ ...none, sent: 4, acked: 1, movedOut: 1 });
  expect(await flow(dead)).toEqual({ ...none, movedIn: 1 });
  await queue.settle("nack", receipts(await queue.receive({ max: 1 })));
  expect(await flow(queue)).toEqual({ ...none, sent: 4, acked: 1, received: 1, movedOut: 2 });
  expect(await flow(dead)).toEqual({ ...none, movedIn: 2 });
  for (const part of ["dedupe-ids", "dedupe-times"]) {
    expect(await open.redis.pttl(queue.key(part))).toBeGreaterThan(0);
  }
});

it("a transfer that an earlier version half finished is completed, not repeated", async () => {
  const dead = await open.makeQueue();
  const queue = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
  await queue.send({ body: 1 });
  await giveBackAndDie(queue, receipts(await queue.receive()));
  const [id] = await open.redis.zrange(queue.key("outbox"), "0", "0");
  // It is in both queues, and the transfer is not recorded.
  for (const part of ["records", "payloads"]) {
    await open.redis.hset(dead.key(part), id!, (await open.redis.hgetBuffer(queue.key(part), id!))!);
  }
  await open.redis.zadd(dead.key("ready"), 1, id!);
  await open.redis.hdel(dead.key("settings"), "lastBefore", "movesBefore");
  await open.redis.hset(dead.key("settings"), "last", 1);
  expect((await queue.counts()).length).toBe(0);
  expect(await dead.receive()).toMatchObject([{ id, body: 1 }]);
  expect((await dead.counts()).length).toBe(1);
});

it("dedupeIds of a queue that nobody sends to expire", async () => {
  const queue = await open.makeQueue();
  await queue.send({ body: 1, dedupeId: "a" });
  for (const part of ["dedupe-ids", "dedupe-times"]) {
    const ms = await open.redis.pttl(queue.key(part));
    expect(ms).toBeGreaterThan(200_000);
    expect(ms).toBeLessThanOrEqual(300_000);
  }
});
