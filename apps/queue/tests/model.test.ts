import { afterAll, beforeAll, expect, it } from "vitest";
import { ModelQueue } from "./model-queue.ts";
import { type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
});
afterAll(() => open[Symbol.asyncDispose]());

/** Random numbers that are the same in every run (mulberry32). */
function randomFrom(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

it.each([1, 2, 3, 4, 5, 6, 7, 8])("behaves like the model, seed %i", async (seed) => {
  const random = randomFrom(seed);
  const dead = await open.makeQueue();
  const keepsDead = seed % 2 === 0;
  const queue = await open.makeQueue({
    maxReceives: 3,
    deadLetterQueue: keepsDead ? null : dead.name,
    visibilitySeconds: 43_200,
    backoffSeconds: 0,
    dedupeUntilAcked: true,
  });
  const model = new ModelQueue(3, keepsDead);
  const receipts: string[] = [];
  const anyReceipts = () =>
    Array.from({ length: 1 + random(4) }, () => receipts[random(receipts.length)] ?? "never one");
  let body = 0;

  const steps: (() => Promise<void>)[] = [
    async () => {
      const messages = Array.from({ length: 1 + random(5) }, () => {
        const group = random(2) === 0 ? undefined : `g${random(4)}`;
        const delayed = random(12) === 0;
        const priority = random(3) * random(2) * 4;
        const dedupeId = random(4) === 0 ? `d${random(3)}` : undefined;
        model.send(++body, { priority, group, delayed, dedupeId });
        return { body, priority, groupId: group, delaySeconds: delayed ? 900 : 0, dedupeId };
      });
      await queue.send(...messages);
    },
    async () => {
      const max = 1 + random(6);
      const wanted = model.receivable(max);
      const found = await queue.receive({ max });
      expect(found.map((message) => message.body)).toEqual(wanted);
      for (const message of found) {
        expect(model.lease(Number(message.body), message.receipt)).toBe(message.receives);
        receipts.push(message.receipt);
      }
    },
    async () => {
      const some = anyReceipts();
      const wanted = some.map((receipt) => (model.ack(receipt) ? "ok" : "not-found"));
      expect(await queue.settle("ack", some)).toEqual(wanted);
    },
    async () => {
      const some = anyReceipts();
      const delayed = random(10) === 0;
      const wanted = some.map((receipt) => (model.release(receipt, delayed) ? "ok" : "not-found"));
      expect(await queue.settle("nack", some, { delaySeconds: delayed ? 900 : 0 })).toEqual(wanted);
    },
    async () => {
      // A lease that is set to 0 ends like one whose time is up.
      const [receipt = ""] = anyReceipts();
      const wanted = model.release(receipt, false) ? "ok" : "not-found";
      expect(await queue.settle("extend", [receipt], { visibilitySeconds: 0 })).toEqual([wanted]);
    },
    async () => {
      if (random(20) > 0) return;
      model.purge();
      await open.request("POST", `${queue.path}/purge`, { as: open.people.staff });
    },
  ];

  for (let step = 0; step < 150; step++) {
    await steps[random(steps.length)]?.();
    expect(await queue.counts()).toEqual(model.counts());
  }
  if (keepsDead) {
    const kept = await open.request("GET", `${queue.path}/messages?state=dead&limit=100`);
    const found = kept.json<{ messages: { body: unknown }[] }>().messages.map((message) => message.body);
    expect(found.sort()).toEqual([...model.dead].sort());
    return;
  }
  const letters: unknown[] = [];
  for (let found = await dead.receive(); found.length > 0; found = await dead.receive()) {
    letters.push(...found.map((message) => message.body));
    await dead.settle(
      "ack",
      found.map((message) => message.receipt),
    );
  }
  expect([...letters].sort()).toEqual([...model.dead].sort());
});
