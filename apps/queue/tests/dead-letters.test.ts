import { afterAll, beforeAll, expect, it } from "vitest";
import { loadCommands } from "../src/commands/load.ts";
import { transferCommands } from "../src/commands/transfer-commands.ts";
import { commandKeys, replyKey } from "../src/keys.ts";
import { settingsInputSchema, toRedisFields, withDefaults } from "../src/queues/settings.ts";
import { createTransfers } from "../src/transfers/transfers.ts";
import { type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
});
afterAll(() => open[Symbol.asyncDispose]());

const pair = async (settings: object = {}, at = open): Promise<[NamedQueue, NamedQueue]> => {
  const dead = await at.makeQueue();
  const queue = await at.makeQueue({ deadLetterQueue: dead.name, maxReceives: 2, ...settings });
  return [queue, dead];
};

/** Receives and nacks messages until none is left. */
const exhaust = async (queue: NamedQueue) => {
  for (let found = await queue.receive(); found.length > 0; found = await queue.receive()) {
    await queue.settle(
      "nack",
      found.map((message) => message.receipt),
    );
  }
};

const redrive = async (queue: NamedQueue) => (await open.request("POST", `${queue.path}/redrive`)).json();
const bodies = (messages: { body: unknown }[]) => messages.map((message) => message.body);

it("a message goes to the dead-letter queue after its last receive, and back by redrive", async () => {
  const [queue, dead] = await pair();
  const [id] = await queue.send({ body: { n: 1 }, priority: 3 });
  const [first] = await queue.receive();
  await queue.settle("nack", [first?.receipt ?? ""]);
  expect((await dead.counts()).length).toBe(0);
  const [second] = await queue.receive();
  expect(second?.receives).toBe(2);
  await queue.settle("nack", [second?.receipt ?? ""], { delaySeconds: 900 });
  expect((await queue.counts()).length).toBe(0);
  expect((await open.request("GET", queue.path)).json()).toMatchObject({ deadLetters: 1 });
  const [letter] = await dead.receive();
  expect(letter).toMatchObject({ id, body: { n: 1 }, receives: 1, priority: 3, deadLetterOf: queue.name });
  expect(letter?.sentAt).toBe(first?.sentAt);
  expect(await redrive(dead)).toEqual({ moved: 0 }); // It is leased.
  await dead.settle("nack", [letter?.receipt ?? ""]);
  expect(await redrive(dead)).toEqual({ moved: 1 });
  expect((await dead.counts()).length).toBe(0);
  expect(await queue.receive()).toMatchObject([{ id, body: { n: 1 }, receives: 1, deadLetterOf: null }]);
});

it("a lease that ends counts as a receive, while nobody uses either queue", async () => {
  const [queue, dead] = await pair({ maxReceives: 1 });
  await queue.send({ body: 1 });
  await queue.receive({ visibilitySeconds: 1 });
  const found = await dead.receive({ waitSeconds: 20 });
  expect(bodies(found)).toEqual([1]);
});

it("a dead letter unblocks the next message of its group", async () => {
  const [queue, dead] = await pair({ maxReceives: 1 });
  await queue.send(...[1, 2, 3].map((body) => ({ body, groupId: "g" })));
  await exhaust(queue);
  expect((await queue.counts()).length).toBe(0);
  expect(await dead.counts()).toMatchObject({ ready: 1, blocked: 2 });
  expect(await redrive(dead)).toEqual({ moved: 3 });
  for (const body of [1, 2, 3]) {
    const found = await queue.receive();
    expect(bodies(found)).toEqual([body]);
    await queue.settle("ack", [found[0]?.receipt ?? ""]);
  }
});

it("a redrive moves many messages; those sent to the queue itself stay", async () => {
  const [queue, dead] = await pair({ maxReceives: 1, maxLength: 130 });
  const all = Array.from({ length: 130 }, (_, i) => i);
  await queue.send(...all.slice(0, 100).map((body) => ({ body, groupId: body % 10 === 0 ? "tens" : undefined })));
  await queue.send(...all.slice(100).map((body) => ({ body, priority: body % 10 })));
  await exhaust(queue);
  await dead.send({ body: "own" });
  expect((await dead.counts()).length).toBe(131);
  await queue.send({ body: "takes a place" });
  expect(await redrive(dead)).toEqual({ moved: 130 });
  // A transfer never loses a message: maxLength does not apply.
  expect((await queue.counts()).length).toBe(131);
  expect(bodies(await dead.receive())).toEqual(["own"]);
});

it("a redrive leaves the dead letters of a deleted queue", async () => {
  const [queue, dead] = await pair({ maxReceives: 1 });
  await queue.send({ body: 1 }, { body: 2, groupId: "g" }, { body: 3, groupId: "g" });
  await exhaust(queue);
  await open.request("DELETE", queue.path, { as: open.people.staff });
  expect(await redrive(dead)).toEqual({ moved: 0 });
  expect(await dead.counts()).toMatchObject({ ready: 2, blocked: 1, length: 3 });
  await open.request("PUT", queue.path, { as: open.people.staff, body: {} });
  expect(await redrive(dead)).toEqual({ moved: 3 });
  expect((await queue.counts()).length).toBe(3);
});

it("a dead letter moves on along a chain of dead-letter queues, and comes back in two redrives", async () => {
  const last = await open.makeQueue();
  const middle = await open.makeQueue({ deadLetterQueue: last.name, maxReceives: 1 });
  const first = await open.makeQueue({ deadLetterQueue: middle.name, maxReceives: 1 });
  await first.send({ body: 1 });
  await exhaust(first);
  await exhaust(middle);
  expect((await last.counts()).length).toBe(1);
  expect(await last.receive({ visibilitySeconds: 0 })).toMatchObject([{ deadLetterOf: middle.name }]);
  expect(await redrive(last)).toEqual({ moved: 1 });
  expect(await middle.receive({ visibilitySeconds: 0 })).toMatchObject([{ body: 1, deadLetterOf: first.name }]);
  // It has had its one receive: it moves to the last queue again, and all the way back.
  expect((await middle.counts()).length).toBe(0);
  expect(await redrive(last)).toEqual({ moved: 1 });
  expect(await redrive(middle)).toEqual({ moved: 1 });
  expect(await first.receive()).toMatchObject([{ body: 1, deadLetterOf: null }]);
});

it("a redrive moves the dead letters that were there when it started, not those that arrive meanwhile", async () => {
  await using cut = await cutOff();
  const { queue, dead } = cut;
  await queue.send(...Array.from({ length: 60 }, (_, body) => ({ body })));
  await cut.releaseAll();
  expect((await queue.counts()).length).toBe(0);
  // A message that comes back becomes a dead letter again before the next step of the redrive.
  const { deliver } = cut.deps.transfers;
  let delivered = 0;
  const again = createTransfers(
    {
      ...cut.steps,
      redrive: async (name, options) => {
        await cut.releaseAll();
        await deliver(queue.name);
        if (delivered++ > 20) throw new Error("It does not end.");
        return cut.steps.redrive(name, options);
      },
    },
    cut.deps.commands.exists,
  );
  expect(await again.redrive(dead.name)).toBe(60);
  expect(Number((await queue.counts()).length) + Number((await dead.counts()).length)).toBe(60);
});

/** A pair of queues that only the test's own calls refresh, with messages in the outbox of the first. */
const cutOff = async () => {
  const quiet = await openQueue();
  await quiet.deps.sweep[Symbol.asyncDispose]();
  const [queue, dead] = await pair({ maxReceives: 1 }, quiet);
  const run = loadCommands(quiet.redis);
  return {
    queue,
    dead,
    deps: quiet.deps,
    steps: transferCommands(run, `${quiet.prefix}queue:`, quiet.deps.allowances),
    /** Gives everything back as `nack` does, in a process that dies before it moves the dead letters on. */
    async releaseAll() {
      const deliveries: string[] = [];
      for (let found = await queue.receive(); found.length > 0; found = await queue.receive()) {
        for (const { receipt } of found) deliveries.push(receipt.slice(0, 36), receipt.slice(36));
      }
      if (deliveries.length === 0) return;
      const keys = [...commandKeys(queue.name), replyKey(queue.name, "dead")];
      await run("release-14", keys, ["channel", "", deliveries.join(), 0, 0, ...deliveries]);
    },
    make: (name: string) =>
      quiet.deps.commands.configure(name, toRedisFields(withDefaults(settingsInputSchema.parse({})))),
    redrive: async () => (await quiet.request("POST", `${dead.path}/redrive`)).json(),
    [Symbol.asyncDispose]: () => quiet[Symbol.asyncDispose](),
  };
};

it("a transfer that is interrupted between its steps loses and duplicates nothing", async () => {
  await using cut = await cutOff();
  const { queue, dead, steps } = cut;
  await queue.send({ body: 1 }, { body: 2 });
  await cut.releaseAll();
  const { incarnation, messages } = await steps.listOutgoing(queue.name, { after: "0", max: 10 });
  const [first, ...more] = messages;
  expect([first?.destination, first?.payload, more.length]).toEqual([dead.name, "1", 1]);
  // Another process runs the first step for one of them, and dies.
  const source = `${queue.name} ${incarnation}`;
  if (first) await steps.accept(dead.name, source, [{ ...first, origin: queue.name }]);
  // The next call completes it.
  expect((await queue.counts()).length).toBe(0);
  expect(await dead.receive()).toMatchObject([
    { body: 1, deadLetterOf: queue.name },
    { body: 2, deadLetterOf: queue.name },
  ]);
});

it("a late second step does not affect a message that has come back and been moved again", async () => {
  await using cut = await cutOff();
  const { queue, dead, steps } = cut;
  await queue.send({ body: 1 });
  await cut.releaseAll();
  const early = await steps.listOutgoing(queue.name, { after: "0", max: 10 });
  expect((await queue.counts()).length).toBe(0);
  expect(await cut.redrive()).toEqual({ moved: 1 });
  await cut.releaseAll(); // It is in the outbox again, with another ticket.
  await steps.complete(queue.name, early.incarnation, early.messages);
  expect((await queue.counts()).length).toBe(0);
  expect((await dead.counts()).length).toBe(1);
});

it("messages whose destination was deleted come back, even when it is created again before", async () => {
  await using cut = await cutOff();
  const { queue, dead, steps } = cut;
  await queue.send({ body: 1 }, { body: 2, groupId: "g" }, { body: 3, groupId: "g" });
  await cut.releaseAll();
  const { incarnation, messages } = await steps.listOutgoing(queue.name, { after: "0", max: 10 });
  const source = `${queue.name} ${incarnation}`;
  expect(await steps.reject(dead.name, source, messages)).toBeUndefined();
  expect(await steps.accept("none", source, messages)).toBeUndefined();
  const refused = messages.map(({ ticket }) => ticket);
  expect(await steps.reject("none", source, messages)).toEqual(refused);
  await cut.make("none");
  expect(await steps.accept("none", source, messages)).toEqual(refused);
  await steps.returnToSource(queue.name, incarnation, [...messages, ...messages]);
  // A message of a group goes to its end: the next one may be leased already.
  expect(bodies(await queue.receive())).toEqual([1, 3]);
});

it("an outbox that is too large for one step is delivered in parts", async () => {
  await using cut = await cutOff();
  const { queue, dead, steps } = cut;
  const body = "x".repeat(200 * 1024);
  for (let i = 0; i < 12; i++) await queue.send({ body }, { body });
  await cut.releaseAll();
  const { messages, more } = await steps.listOutgoing(queue.name, { after: "0", max: 50 });
  expect([messages.length, more]).toEqual([20, true]);
  expect((await queue.counts()).length).toBe(0);
  expect((await dead.counts()).length).toBe(24);
});
