import { listenerOf, serve } from "@quintet/http";
import { expectProblem, until } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createApp } from "../src/app.ts";
import { openEvents } from "./event-stream.ts";
import { type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
/** A second process with the same store, as far as a process is its own dependencies. */
let other: OpenQueue;
let port = 0;
const stack = new AsyncDisposableStack();
beforeAll(async () => {
  open = stack.use(await openQueue());
  other = stack.use(await openQueue({ prefix: open.prefix, people: open.people }));
  const address = { port: 0, host: "127.0.0.1", log: open.deps.log, drainSeconds: 0 };
  const listening = stack.adopt(await serve(listenerOf(createApp(open.deps)), address), (one) => one.close());
  port = listening.port;
});
afterAll(() => stack.disposeAsync());

const stream = (queue: NamedQueue, query = "", authorization = open.people.plain.bearer) =>
  openEvents(`http://127.0.0.1:${port}${queue.path}/stream?${query}`, authorization);
const bodies = (messages: { body: unknown }[]) => messages.map((message) => message.body);

it("sends messages as they come, no more than max in flight, and further ones as they are acked in any process", async () => {
  const queue = await open.makeQueue();
  await queue.send({ body: 1 }, { body: 2 }, { body: 3 });
  using client = await stream(queue, "max=2");
  expect(client.response.headers["content-type"]).toMatch(/^text\/event-stream/);
  const [first, second] = await client.received(2);
  expect(first).toMatchObject({ body: 1, receives: 1, receipt: expect.any(String), attributes: {} });
  expect(await queue.counts()).toMatchObject({ leased: 2, ready: 1 });
  // In another process, whose stores are the same.
  const acked = await other.request("POST", `${queue.path}/ack`, { body: { receipts: [first?.receipt] } });
  expect(acked.json()).toMatchObject({ results: [{ status: "ok" }] });
  const settled = performance.now();
  expect(bodies(await client.received(3))).toEqual([1, 2, 3]);
  expect(performance.now() - settled, "before the next heartbeat").toBeLessThan(10_000);
  await queue.settle("nack", [second?.receipt ?? ""]);
  expect((await client.received(4)).at(-1)).toMatchObject({ body: 2, receives: 2 });
  const receipts = client.messages().map(({ receipt }) => receipt);
  await queue.settle("ack", receipts);
  await other.request("POST", `${queue.path}/messages`, { body: { body: "from afar" } });
  expect((await client.received(5)).at(-1)?.body).toBe("from afar");
});

it("a lease that ends gives its place back; one that is extended keeps it", async () => {
  const queue = await open.makeQueue();
  using client = await stream(queue, "max=1&visibilitySeconds=1");
  await queue.send({ body: "kept" }, { body: "next" });
  const [kept] = await client.received(1);
  await queue.settle("extend", [kept?.receipt ?? ""], { visibilitySeconds: 2 });
  const extended = performance.now();
  const [, again] = await client.received(2);
  expect(performance.now() - extended).toBeGreaterThan(1900);
  expect(again?.body).toMatch(/kept|next/);
});

it("a client that disconnects leaves what it was sent until the leases end, and takes nothing else with it", async () => {
  const queue = await open.makeQueue();
  const client = await stream(queue, "max=5");
  await queue.send({ body: 1 });
  await client.received(1);
  client[Symbol.dispose]();
  await until(() => !open.deps.waiting.hasWaiting(queue.name));
  await queue.send({ body: 2 });
  expect(await queue.receive()).toMatchObject([{ body: 2, receives: 1 }]);
  expect(await queue.counts()).toMatchObject({ leased: 2 });
});

it("a client that does not read gets no more than fits; the rest is not leased to it for long", async () => {
  const queue = await open.makeQueue();
  using client = await stream(queue, "max=1000&visibilitySeconds=1");
  client.response.pause();
  const body = "x".repeat(200_000);
  for (let i = 0; i < 5; i++) await queue.send(...Array.from({ length: 15 }, () => ({ body })));
  // It gets what the sockets hold; what was claimed for it comes back.
  await until(async () => (await queue.counts()).leased === 0);
  const { length = 0 } = await queue.counts();
  expect(length).toBe(75);
});

it("ends with the reason when the queue is deleted, the right is taken away, or the token revoked", async () => {
  const deleted = await open.makeQueue();
  using first = await stream(deleted);
  await until(() => open.deps.waiting.hasWaiting(deleted.name));
  await open.request("DELETE", deleted.path, { as: open.people.staff });
  expect(JSON.parse((await first.end()).data)).toMatchObject({ status: 404 });

  const closed = await open.makeQueue();
  using second = await stream(closed);
  await until(() => open.deps.waiting.hasWaiting(closed.name));
  await open.request("PUT", `${closed.path}/access`, { as: open.people.staff, body: { receive: [], send: [] } });
  await open.request("POST", `${closed.path}/messages`, { as: open.people.staff, body: { body: 1 } });
  const forbidden = await second.end();
  expect([forbidden.event, JSON.parse(forbidden.data)]).toMatchObject(["problem", { status: 403 }]);
  expect(second.messages()).toEqual([]);
});

it("no message is sent once the token is not valid any more", async () => {
  const queue = await open.makeQueue();
  const { username, password } = open.people.other;
  const tokens = await open.people.auth.passwordGrant(username, password);
  let valid = true;
  const { access, cachedAccess } = open.people.auth;
  open.people.auth.access = async (token) => (valid ? access(token) : undefined);
  open.people.auth.cachedAccess = (token) => (valid ? cachedAccess(token) : undefined);
  try {
    using client = await stream(queue, "", `Bearer ${tokens?.access_token}`);
    await queue.send({ body: 1 });
    await client.received(1);
    valid = false;
    await open.deps.commands.send(queue.name, [
      { id: crypto.randomUUID(), payload: "2", delayMs: 0, dedupeId: "", groupId: "", priority: 0 },
    ]);
    const end = await client.end();
    expect([end.event, JSON.parse(end.data)]).toMatchObject(["problem", { status: 401 }]);
    expect(client.messages()).toHaveLength(1);
  } finally {
    Object.assign(open.people.auth, { access, cachedAccess });
  }
  expect(await queue.receive()).toMatchObject([{ body: 2, receives: 1 }]);
});

it("a stop of the process ends the stream with an event, and releases what was not sent", async () => {
  const stopping = new AbortController();
  await using own = await openQueue({ prefix: open.prefix, people: open.people, stopping: stopping.signal });
  const address = { port: 0, host: "127.0.0.1", log: open.deps.log, drainSeconds: 0 };
  const listening = await serve(listenerOf(createApp(own.deps)), address);
  const queue = await open.makeQueue();
  using client = await openEvents(`http://127.0.0.1:${listening.port}${queue.path}/stream`, own.people.plain.bearer);
  await queue.send({ body: 1 });
  await client.received(1);
  stopping.abort();
  expect(await client.end()).toEqual({ event: "end", data: '{"reason":"stopping"}' });
  await listening.close();
});

it("several streams share the messages of a queue, none with more than max in flight", async () => {
  const queue = await open.makeQueue();
  const clients = await Promise.all(Array.from({ length: 5 }, () => stream(queue)));
  await until(() => open.deps.waiting.hasWaiting(queue.name));
  await queue.send(...Array.from({ length: 50 }, (_, i) => ({ body: i })));
  await until(() => clients.reduce((sum, client) => sum + client.messages().length, 0) === 50);
  for (const client of clients) {
    expect(client.messages().length).toBeLessThanOrEqual(10);
    client[Symbol.dispose]();
  }
});

it("rejects bad parameters, unknown queues and those that may not receive, before the stream begins", async () => {
  const queue = await open.makeQueue();
  const get = (query: string, path = queue.path) => open.request("GET", `${path}/stream?${query}`);
  for (const query of ["max=0", "max=1001", "max=x"]) expectProblem(await get(query), 400, "max");
  expectProblem(await get("visibilitySeconds=-1"), 400, "visibilitySeconds");
  expectProblem(await get("wait=1"), 400, "wait");
  expectProblem(await get("", "/queue/queues/unknown"), 404);
  await open.request("PUT", `${queue.path}/access`, { as: open.people.staff, body: { receive: [], send: [] } });
  expectProblem(await get(""), 403);
});
