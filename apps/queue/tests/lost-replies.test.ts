import { expectProblem } from "@quintet/http/testing";
import { type StoreProxy, storeProxy } from "@quintet/stores/testing";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";

// A proxy closes the connection after Redis has run a command and before its reply is forwarded.

let proxy: StoreProxy;
let open: OpenQueue;
beforeAll(async () => {
  proxy = await storeProxy(inject("redisUrl"));
  open = await openQueue({ redisUrl: proxy.url });
  await open.deps.sweep[Symbol.asyncDispose]();
});
afterAll(async () => {
  await open[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

/** Runs an operation and loses the reply to its command `times` times. */
async function losing<T>(command: RegExp, work: () => Promise<T>, times = 1): Promise<T> {
  const lost = proxy.dropResponses(command, times);
  const result = await work();
  expect(lost.left(), "nothing was lost").toBe(0);
  return result;
}
const receipts = (messages: { receipt: string }[]) => messages.map(({ receipt }) => receipt);
const run = (queue: NamedQueue) => new RegExp(`run:.${queue.name}.:`);

it("a retried send adds a message once, even when it has been deleted before the retry", async () => {
  const queue = await open.makeQueue({ maxLength: 2 });
  const sent = await losing(run(queue), () => queue.send({ body: 1 }, { body: 2, groupId: "g" }));
  expect((await queue.receive()).map(({ id }) => id)).toEqual(sent);
  const headers = { "Idempotency-Key": "k" };
  const other = await open.makeQueue();
  const response = await losing(new RegExp(`.${other.name}.:sent:`), () =>
    open.request("POST", `${other.path}/messages`, { body: { body: 1 }, headers }),
  );
  expect(response.status).toBe(201);
  expect((await other.counts()).length).toBe(1);
});

it("a retried receive gets the messages that it leased", async () => {
  const queue = await open.makeQueue();
  const sent = await queue.send({ body: 1 }, { body: 2 }, { body: 3 });
  const found = await losing(run(queue), () => queue.receive({ max: 2 }));
  expect(found.map(({ id, receives }) => [id, receives])).toEqual([
    [sent[0], 1],
    [sent[1], 1],
  ]);
  expect(await queue.counts()).toMatchObject({ ready: 1, leased: 2 });
  expect(await queue.settle("ack", receipts(found))).toEqual(["ok", "ok"]);
});

it("an attempt whose replies were all lost gets the same messages and receipts when its receiver repeats it", async () => {
  const queue = await open.makeQueue({}, "attempts.fifo");
  const sent = await queue.send(...[1, 2, 3, 4].map((body) => ({ body, groupId: "g" })));
  const attempt = { max: 2, attemptId: "once" };
  const lost = await losing(/:attempt:once/, () => open.request("POST", `${queue.path}/receive`, { body: attempt }), 2);
  expectProblem(lost, 503);
  expect(await queue.counts()).toMatchObject({ leased: 2 });
  const found = await queue.receive(attempt);
  expect(found.map(({ id, receives }) => [id, receives])).toEqual([
    [sent[0], 1],
    [sent[1], 1],
  ]);
  expect(receipts(await losing(/:attempt:once/, () => queue.receive(attempt)))).toEqual(receipts(found));
  expect(await queue.settle("ack", receipts(found))).toEqual(["ok", "ok"]);
  expect((await queue.receive()).map(({ id }) => id)).toEqual(sent.slice(2));
});

it("a retried cancel and a retried delay report success", async () => {
  const queue = await open.makeQueue();
  const [first, second] = await queue.send({ body: 1 }, { body: 2 });
  const cancelled = await losing(run(queue), () => open.request("DELETE", `${queue.path}/messages/${first}`));
  const body = { delaySeconds: 60 };
  const delayed = await losing(run(queue), () => open.request("PATCH", `${queue.path}/messages/${second}`, { body }));
  expect([cancelled.status, delayed.status]).toEqual([204, 200]);
  expect(await queue.counts()).toMatchObject({ delayed: 1, length: 1 });
});

it.each([
  ["ack", {}, { leased: 0, length: 1 }],
  ["nack", {}, { ready: 2, leased: 0, length: 2 }],
  ["extend", { visibilitySeconds: 0 }, { ready: 2, leased: 0, length: 2 }],
  ["extend", { visibilitySeconds: 60 }, { ready: 1, leased: 1, length: 2 }],
])("%s %j reports ok when retried", async (verb, rest, counts) => {
  const queue = await open.makeQueue();
  await queue.send({ body: 1 }, { body: 2 });
  const held = receipts(await queue.receive({ max: 1 }));
  expect(await losing(run(queue), () => queue.settle(verb, [...held, "never one"], rest))).toEqual(["ok", "not-found"]);
  expect(await queue.counts()).toMatchObject(counts);
});

it("a dead letter moves once, whichever step's reply is lost", async () => {
  for (const step of [
    /evalsha?[\s\S]*:outbox[\s\S]*4194304/i,
    /:arrivals/,
    /eval[\s\S]*:settings[\s\S]*:outbox[\s\S]*:records[\s\S]*:payloads/i,
  ]) {
    const dead = await open.makeQueue();
    const queue = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
    await queue.send({ body: 1 }, { body: 2 });
    await losing(step, async () => queue.settle("nack", receipts(await queue.receive())));
    expect((await queue.counts()).length).toBe(0);
    expect((await dead.counts()).length).toBe(2);
  }
});

it("push and pop run once and say that the outcome is unknown", async () => {
  const pushed = await losing(/eval/i, () => open.request("POST", "/queue/push", { body: 1 }));
  expectProblem(pushed, 503);
  expect(pushed.text).toContain("The outcome is unknown");
  expect((await open.request("GET", "/queue/count")).json()).toEqual({ count: 1 });
  await open.request("POST", "/queue/push", { body: 2 });
  const popped = await losing(/eval/i, () => open.request("POST", "/queue/pop"));
  expectProblem(popped, 503);
  expect(popped.text).toContain("The outcome is unknown");
  expect((await open.request("POST", "/queue/pop")).json()).toMatchObject({ message: 2 });
  const headers = { "Idempotency-Key": "p" };
  const keyed = await losing(/pushed:/, () => open.request("POST", "/queue/push", { body: 3, headers }));
  expect(keyed.status).toBe(201);
  expect((await open.request("GET", "/queue/count")).json()).toEqual({ count: 1 });
});

it("a command says that the outcome is unknown when the reply is lost again", async () => {
  const queue = await open.makeQueue();
  const response = await losing(
    run(queue),
    () => open.request("POST", `${queue.path}/messages`, { body: { body: 1 } }),
    2,
  );
  expectProblem(response, 503);
  expect((await queue.counts()).length).toBe(1);
});

it("a queue is created and deleted once", async () => {
  const as = open.people.staff;
  const path = "/queue/queues/lost";
  const put = () => open.request("PUT", path, { as, body: {} });
  expect((await losing(/:arrivals[\s\S]*visibilitySeconds/, put)).status).toBe(201);
  const remove = () => open.request("DELETE", path, { as });
  expect((await losing(/lost.:dedupe-ids/, remove)).status).toBe(204);
  expect((await open.request("GET", path)).status).toBe(404);

  expect((await losing(/:names[\s\S]*:dead-letters[\s\S]*lost\r/, put)).status).toBe(201);
  expect((await losing(/:names[\s\S]*:dead-letters[\s\S]*lost\r/, remove)).status).toBe(204);
  expect((await open.request("GET", path)).status).toBe(404);
});

it("a purge and a redrive say that the outcome is unknown, and affect no message that arrived since", async () => {
  const dead = await open.makeQueue();
  const queue = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
  const ask = (path: string) => open.request("POST", path, { as: open.people.staff });
  await queue.send({ body: 1 }, { body: 2 });
  await queue.settle("nack", receipts(await queue.receive()));
  // The step that knows that the queue exists is the one that moves messages.
  const step = new RegExp(`${dead.name}.:outbox[\\s\\S]*${queue.name}\\r`);
  const redriven = await losing(step, () => ask(`${dead.path}/redrive`));
  expectProblem(redriven, 503);
  expect(redriven.text).toContain("The outcome is unknown");
  // Messages in the outbox arrive with the next call.
  expect((await ask(`${dead.path}/redrive`)).json()).toEqual({ moved: 0 });
  await expect.poll(async () => (await queue.counts()).length, { timeout: 20_000 }).toBe(2);

  const purged = await losing(new RegExp(`${queue.name}.:outbox`), () => ask(`${queue.path}/purge`));
  expectProblem(purged, 503);
  expect(purged.text).toContain("The outcome is unknown");
  expect((await queue.counts()).length).toBe(0);
  await queue.send({ body: 3 });
  expect(
    (await queue.receive()).map(({ message, body }: { message?: unknown; body?: unknown }) => message ?? body),
  ).toEqual([3]);
});
