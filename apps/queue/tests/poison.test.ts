import { expectProblem, until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NamedQueue, type OpenQueue, openQueue, type Received } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
});
afterAll(() => open[Symbol.asyncDispose]());

const bodies = (messages: { body: unknown }[]) => messages.map(({ body }) => body);
const receipts = (messages: Received[]) => messages.map(({ receipt }) => receipt);
const redrive = async (queue: NamedQueue) => (await open.request("POST", `${queue.path}/redrive`)).json();
const shown = async (queue: NamedQueue) =>
  (await open.request("GET", queue.path)).json<{ bytes: number; oldestAgeSeconds: number | null }>();
const endLeases = (queue: NamedQueue) => queue.pass(30_000, "leases");

describe("a message that is returned again and again", () => {
  it("is received at once the second time, then ever later, up to the longest back-off", async () => {
    const queue = await open.makeQueue({ backoffSeconds: 10, maxBackoffSeconds: 35 });
    await queue.send({ body: "poison" });
    const delays: number[] = [];
    for (let receive = 1; receive <= 5; receive++) {
      const [message] = await queue.receive();
      expect(message?.receives).toBe(receive);
      if (receive % 2 === 0) await queue.settle("nack", [message!.receipt]);
      else await endLeases(queue);
      await queue.counts();
      const [, due] = await open.redis.zrange(queue.key("delayed"), "0", "0", "WITHSCORES");
      delays.push(due === undefined ? 0 : Math.round((Number(due) - Date.now()) / 1000));
      await queue.pass(35_000, "delayed");
    }
    expect(delays).toEqual([0, 10, 20, 35, 35]);
  });

  it("is not put off by a delay of its own, even 0", async () => {
    const queue = await open.makeQueue({ backoffSeconds: 600 });
    await queue.send({ body: 1 });
    for (let receive = 1; receive <= 4; receive++) {
      await queue.settle("nack", receipts(await queue.receive()), { delaySeconds: 0 });
    }
    expect(bodies(await queue.receive())).toEqual([1]);
  });

  it("does not stand in front of all others (RabbitMQ: a poison message requeued at the head)", async () => {
    const queue = await open.makeQueue();
    await queue.send({ body: "poison" }, ...Array.from({ length: 20 }, (_, i) => ({ body: i })));
    const done: unknown[] = [];
    // A consumer that takes one message at a time and rejects the first one each time.
    for (let turn = 0; turn < 24; turn++) {
      const [message] = await queue.receive({ max: 1 });
      if (message === undefined) break;
      if (message.body === "poison") await queue.settle("nack", [message.receipt]);
      else {
        done.push(message.body);
        await queue.settle("ack", [message.receipt]);
      }
    }
    expect(done).toHaveLength(20);
  });

  it("ends as a dead letter of its queue, though each of its receivers dies (Sidekiq: a job that kills its process)", async () => {
    const queue = await open.makeQueue({ backoffSeconds: 0 });
    const [id] = await queue.send({ body: "poison", groupId: "g" }, { body: "next", groupId: "g" });
    for (let receive = 1; receive <= 20; receive++) {
      expect(await queue.receive()).toMatchObject([{ id, receives: receive }]);
      await endLeases(queue);
    }
    expect(bodies(await queue.receive())).toEqual(["next"]);
    expect(await queue.counts()).toEqual({ ready: 0, blocked: 0, delayed: 0, leased: 1, dead: 1, length: 2 });
    expect(await redrive(queue)).toEqual({ moved: 1 });
    // It went to the end of its group, and starts over.
    expect(await queue.counts()).toMatchObject({ leased: 1, blocked: 1, dead: 0 });
    await endLeases(queue);
    const next = await queue.receive();
    expect(next).toMatchObject([{ body: "next", receives: 2 }]);
    await queue.settle("ack", receipts(next));
    expect(await queue.receive()).toMatchObject([{ id, receives: 1 }]);
  });

  it("expires as a dead letter, and is purged with the others", async () => {
    const queue = await open.makeQueue({ maxReceives: 1, retentionSeconds: 60 });
    await queue.send({ body: 1 }, { body: 2 });
    await queue.settle("nack", receipts(await queue.receive()));
    const [first] = await open.redis.zrange(queue.key("dead"), "0", "0");
    await queue.pass(60_000, "dead", [first!]);
    expect(await queue.counts()).toMatchObject({ dead: 1, length: 1 });
    await open.request("POST", `${queue.path}/purge`, { as: open.people.staff });
    expect(await queue.counts()).toMatchObject({ dead: 0, length: 0 });
    expect(await shown(queue)).toMatchObject({ bytes: 0, oldestAgeSeconds: null });
  });

  it("is acked by its last receiver only (BullMQ: a stalled job is finished twice)", async () => {
    const queue = await open.makeQueue();
    await queue.send({ body: 1 });
    const stalled = receipts(await queue.receive());
    await endLeases(queue);
    const current = receipts(await queue.receive());
    expect(await queue.settle("ack", stalled)).toEqual(["not-found"]);
    expect(await queue.settle("nack", stalled)).toEqual(["not-found"]);
    expect(await queue.settle("ack", current)).toEqual(["ok"]);
    expect((await queue.counts()).length).toBe(0);
  });
});

describe("a dedupeId", () => {
  const dup = async (queue: NamedQueue, message: object) => (await queue.send(message))[0];

  it("is kept for as long as the queue is set to", async () => {
    const queue = await open.makeQueue({ dedupeSeconds: 60 });
    const first = await dup(queue, { body: 1, dedupeId: "a" });
    expect(await dup(queue, { body: 2, dedupeId: "a" })).toBe(first);
    await open.redis.zincrby(queue.key("dedupe-times"), -60_001, "a");
    expect(await dup(queue, { body: 3, dedupeId: "a" })).not.toBe(first);
  });

  it("is the digest of the body where the queue says so", async () => {
    const queue = await open.makeQueue({ dedupeByContent: true });
    const first = await dup(queue, { body: { a: 1 } });
    expect(await dup(queue, { body: { a: 1 }, attributes: { b: 2 } })).toBe(first);
    expect(await dup(queue, { body: { a: 2 } })).not.toBe(first);
    expect(await dup(queue, { body: { a: 1 }, dedupeId: "own" })).not.toBe(first);
    expect((await queue.receive())[0]?.dedupeId).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is kept until its message is acked, cancelled, purged or dead where the queue says so", async () => {
    const queue = await open.makeQueue({ dedupeUntilAcked: true, maxReceives: 1, retentionSeconds: 60 });
    const again = () => dup(queue, { body: 1, dedupeId: "a" });
    const ends = [
      async () => queue.settle("ack", receipts(await queue.receive())),
      async (id: string) => open.request("DELETE", `${queue.path}/messages/${id}`),
      async () => open.request("POST", `${queue.path}/purge`, { as: open.people.staff }),
      async () => queue.settle("nack", receipts(await queue.receive())),
      async (id: string) => queue.pass(60_000, "ages", [id]),
    ];
    for (const end of ends) {
      const id = await again();
      await open.redis.zincrby(queue.key("dedupe-times"), -400_000, "a");
      expect(await again()).toBe(id);
      await end(id!);
      await queue.counts();
    }
    expect((await queue.counts()).dead).toBe(1);
    expect(await open.redis.exists(queue.key("dedupe-ids"))).toBe(0);
  });
});

describe("the size of a queue", () => {
  it("is bounded by maxBytes, and right after every change", async () => {
    const dead = await open.makeQueue();
    const queue = await open.makeQueue({ maxBytes: 2000, maxReceives: 1, deadLetterQueue: dead.name });
    const body = "x".repeat(498);
    const stored = async (of: NamedQueue) => {
      const payloads = await open.redis.hgetall(of.key("payloads"));
      return Object.values(payloads).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    };
    await queue.send({ body }, { body }, { body, attributes: { a: "ü" } });
    const full = await open.request("POST", `${queue.path}/messages`, { body: { body } });
    expectProblem(full, 409);
    expect(full.text).toContain("maxBytes");
    const [first, second] = await queue.receive();
    await queue.settle("ack", [first!.receipt]);
    await queue.settle("nack", [second!.receipt]);
    for (const one of [queue, dead]) expect((await shown(one)).bytes).toBe(await stored(one));
    expect((await shown(dead)).bytes).toBe(500);
    await redrive(dead);
    expect((await shown(queue)).bytes).toBe(await stored(queue));
    expect(await shown(dead)).toMatchObject({ bytes: 0 });
  });

  it("is found out for the messages of an earlier version", async () => {
    const queue = await open.makeQueue();
    await queue.send(...Array.from({ length: 99 }, (_, i) => ({ body: "x".repeat(i) })), { body: 1, groupId: "g" });
    // As earlier versions stored them: records of eight fields, settings without the new ones.
    const old = `for _, id in ipairs(redis.call('HKEYS', KEYS[1])) do
        local record = cmsgpack.unpack(redis.call('HGET', KEYS[1], id))
        redis.call('HSET', KEYS[1], id, cmsgpack.pack({ unpack(record, 1, 8) }))
      end`;
    await open.redis.eval(old, 1, queue.key("records"));
    const added = ["maxBytes", "bytes", "nextDue", "backoffSeconds", "maxBackoffSeconds", "dedupeSeconds"];
    await open.redis.hdel(queue.key("settings"), ...added, "dedupeByContent", "dedupeUntilAcked", "listenUntil");
    await open.redis.hset(queue.key("settings"), "maxReceives", "");
    const found = await queue.receive({ max: 30 });
    await queue.settle("ack", receipts(found.slice(0, 10)));
    await queue.settle("nack", receipts(found.slice(10)));
    await queue.send({ body: "new" });
    const view = (await open.request("GET", queue.path)).json();
    expect(view).toMatchObject({ maxReceives: null, backoffSeconds: 1, dedupeSeconds: 300, maxBytes: null });
    const bytes = Array.from({ length: 89 }, (_, i) => 12 + i).reduce((sum, size) => sum + size, 0) + 1 + 5;
    await until(async () => (await shown(queue)).bytes === bytes);
    expect(await queue.receive()).toHaveLength(91);
  });
});

it("the age of the oldest message is that of the one that was available first", async () => {
  const queue = await open.makeQueue();
  await queue.send({ body: 1, delaySeconds: 900 });
  expect((await shown(queue)).oldestAgeSeconds).toBeNull();
  const [id] = await queue.send({ body: 2 });
  await queue.pass(50_000, "ages", [id!]);
  expect((await shown(queue)).oldestAgeSeconds).toBeCloseTo(50, -1);
});
