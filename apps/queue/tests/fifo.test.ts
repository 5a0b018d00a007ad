import { expectProblem } from "@quintet/http/testing";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type NamedQueue, type OpenQueue, openQueue, type Received } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
  await open.deps.sweep[Symbol.asyncDispose]();
});
afterAll(() => open[Symbol.asyncDispose]());

const bodies = (messages: { body: unknown }[]) => messages.map(({ body }) => body);
const receipts = (messages: Received[]) => messages.map(({ receipt }) => receipt);
let made = 0;
const fifo = (settings: object = {}) => open.makeQueue({ backoffSeconds: 0, ...settings }, `ordered${++made}.fifo`);
const group = (groupId: string, ...all: unknown[]) => all.map((body) => ({ body, groupId }));

it("gives several messages of a group together, in order, and no more while one is in flight", async () => {
  const queue = await fifo();
  await queue.send(...group("a", 1, 2, 3, 4), ...group("b", "x", "y"));
  const first = await queue.receive({ max: 3 });
  expect(bodies(first)).toEqual([1, 2, 3]);
  expect(await queue.counts()).toMatchObject({ ready: 1, blocked: 2, leased: 3 });
  expect(bodies(await queue.receive())).toEqual(["x", "y"]);
  await queue.settle("ack", receipts(first.slice(0, 2)));
  expect(await queue.receive()).toEqual([]);
  await queue.settle("ack", receipts(first.slice(2)));
  expect(bodies(await queue.receive())).toEqual([4]);
});

it("requires a group for each message", async () => {
  const queue = await fifo();
  const path = `${queue.path}/messages`;
  expectProblem(await open.request("POST", path, { body: { body: 1 } }), 422, "groupId");
  const messages = [{ body: 1, groupId: "a" }, { body: 2 }];
  expectProblem(await open.request("POST", path, { body: { messages } }), 422, "messages.1.groupId");
});

it("a returned message keeps its place, and blocks its group while its delay lasts", async () => {
  const queue = await fifo();
  await queue.send(...group("a", 1, 2, 3));
  const [one, two] = await queue.receive({ max: 2 });
  await queue.settle("nack", [two!.receipt]);
  expect(await queue.receive()).toEqual([]);
  await queue.settle("nack", [one!.receipt], { delaySeconds: 900 });
  expect(await queue.receive()).toEqual([]);
  await queue.pass(900_000, "delayed");
  expect(bodies(await queue.receive())).toEqual([1, 2, 3]);
});

it("a new message that is delayed blocks nothing, and takes its place when it is due", async () => {
  const queue = await fifo();
  await queue.send({ body: 1, groupId: "a", delaySeconds: 900 }, ...group("a", 2, 3));
  expect(await queue.counts()).toMatchObject({ ready: 1, blocked: 1, delayed: 1 });
  const [two] = await queue.receive({ max: 1 });
  expect(two?.body).toBe(2);
  await queue.pass(900_000, "delayed");
  expect(await queue.receive()).toEqual([]);
  await queue.settle("nack", [two!.receipt]);
  expect(bodies(await queue.receive())).toEqual([1, 2, 3]);
});

it("a message that is due comes before later ones of its group that could be received meanwhile", async () => {
  const queue = await fifo();
  await queue.send({ body: 1, groupId: "a", delaySeconds: 900 }, ...group("a", 2, 3));
  await queue.pass(900_000, "delayed");
  expect(await queue.counts()).toMatchObject({ ready: 1, blocked: 2 });
  expect(bodies(await queue.receive({ max: 2 }))).toEqual([1, 2]);
  expect(await queue.receive()).toEqual([]);
});

it("a group goes on after a message of it is dead, expired, cancelled or moved to the dead-letter queue", async () => {
  const dead = await fifo();
  const lone = await fifo({ maxReceives: 1 });
  const led = await fifo({ maxReceives: 1, deadLetterQueue: dead.name });
  for (const queue of [lone, led]) {
    const ids = await queue.send(...group("a", 1, 2, 3, 4));
    await queue.settle("nack", receipts(await queue.receive({ max: 1 })));
    expect((await open.request("DELETE", `${queue.path}/messages/${ids[1]}`)).status).toBe(204);
    await queue.pass(345_600_000, "ages", [ids[2]!]);
    expect(bodies(await queue.receive())).toEqual([4]);
  }
  expect(await lone.counts()).toMatchObject({ dead: 1, leased: 1, length: 2 });
  expect(bodies(await dead.receive())).toEqual([1]);
});

it("returns the same messages and receipts to the same attempt, while all of them are leased", async () => {
  const queue = await fifo();
  await queue.send(...group("a", 1, 2), ...group("b", 3));
  const attempt = { max: 2, attemptId: "first", visibilitySeconds: 60 };
  const first = await queue.receive(attempt);
  const again = await queue.receive({ ...attempt, visibilitySeconds: 600 });
  expect(receipts(again)).toEqual(receipts(first));
  expect(again.map(({ receives }) => receives)).toEqual([1, 1]);
  expect(Date.parse(again[0]!.leasedUntil)).toBeGreaterThan(Date.parse(first[0]!.leasedUntil) + 500_000);
  expect(bodies(await queue.receive({ ...attempt, attemptId: "second" }))).toEqual([3]);
  await queue.settle("ack", [first[0]!.receipt]);
  expect(await queue.receive(attempt)).toEqual([]);
  await queue.settle("ack", [first[1]!.receipt]);
  await queue.send(...group("a", 4));
  expect(bodies(await queue.receive(attempt))).toEqual([4]);
});

/** What must hold of a .fifo queue: a list of each group, of which the first messages are leased or the first one may be received. */
class FifoModel {
  private readonly groups = new Map<string, { body: number; receipt?: string; delayed?: boolean }[]>();
  dead = 0;

  send(groupId: string, body: number): void {
    this.groups.set(groupId, [...(this.groups.get(groupId) ?? []), { body }]);
  }

  /** The messages found must be the first of groups with none in flight, each group in order and together. */
  lease(found: Received[], max: number): void {
    const free = [...this.groups].filter(([, all]) => all.every(({ receipt, delayed }) => !receipt && !delayed));
    const available = free.reduce((sum, [, all]) => sum + all.length, 0);
    expect(found.length).toBe(Math.min(max, available));
    for (const [groupId, all] of Map.groupBy(found, (message) => message.groupId!)) {
      const waiting = free.find(([name]) => name === groupId)?.[1] ?? [];
      expect(all.map(({ body }) => body)).toEqual(waiting.slice(0, all.length).map(({ body }) => body));
      for (const [i, { receipt }] of all.entries()) waiting[i]!.receipt = receipt;
    }
  }

  end(receipt: string, how: "ack" | "return" | "delay" | "kill"): void {
    for (const all of this.groups.values()) {
      const at = all.findIndex((one) => one.receipt === receipt);
      if (at < 0) continue;
      if (how === "kill") this.dead++;
      if (how === "ack" || how === "kill") all.splice(at, 1);
      else all[at] = { body: all[at]!.body, delayed: how === "delay" };
    }
  }

  passDelays(): void {
    for (const all of this.groups.values()) for (const one of all) delete one.delayed;
  }

  get length(): number {
    return this.dead + [...this.groups.values()].reduce((sum, all) => sum + all.length, 0);
  }
}

const full = process.env.QUINTET_FAULTS === "full";
const deed = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ send: fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 }) }),
  },
  { weight: 4, arbitrary: fc.record({ receive: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ settle: fc.constantFrom("ack", "return", "delay"), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constant({ pass: true }) },
);

it("keeps the order of every group, and every message, under any sequence of operations", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 15, maxLength: 40, size: "max" }), async (deeds) => {
      const queue = await fifo({ maxReceives: 3 });
      const model = new FifoModel();
      const held: Received[] = [];
      let body = 0;
      for (const one of deeds) {
        if ("send" in one) {
          const messages = one.send.map((groupId) => ({ groupId, body: ++body }));
          for (const message of messages) model.send(message.groupId, message.body);
          await queue.send(...messages);
        } else if ("receive" in one) {
          const found = await queue.receive({ max: one.receive, visibilitySeconds: 43_200 });
          model.lease(found, one.receive);
          held.push(...found);
        } else if ("settle" in one) {
          const [message] = held.splice(one.which % Math.max(1, held.length), 1);
          if (message) await settle(queue, model, message, one.settle as "ack");
        } else {
          await queue.pass(900_000, "delayed");
          model.passDelays();
        }
        expect(await queue.counts()).toMatchObject({ length: model.length, dead: model.dead, leased: held.length });
      }
    }),
    { numRuns: full ? 500 : 8 },
  );
}, 600_000);

async function settle(queue: NamedQueue, model: FifoModel, message: Received, how: "ack" | "return" | "delay") {
  const dies = how !== "ack" && message.receives === 3;
  model.end(message.receipt, dies ? "kill" : how);
  const rest = how === "ack" ? {} : { delaySeconds: how === "delay" ? 900 : 0 };
  expect(await queue.settle(how === "ack" ? "ack" : "nack", [message.receipt], rest)).toEqual(["ok"]);
}
