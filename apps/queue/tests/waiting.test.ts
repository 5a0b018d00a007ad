import { request } from "node:http";
import { connectRedis } from "@quintet/db";
import { listenerOf, serve } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, inject, it, vi } from "vitest";
import { createApp } from "../src/app.ts";
import { queue as definition } from "../src/index.ts";
import { wakeChannel } from "../src/keys.ts";
import { receive } from "../src/messages/receive.ts";
import { type NamedQueue, type OpenQueue, openQueue, type Received } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
});
afterAll(() => open[Symbol.asyncDispose]());

const bodies = (messages: { body: unknown }[]) => messages.map((message) => message.body);
const isWaiting = (queue: NamedQueue) => until(async () => open.deps.waiting.hasWaiting(queue.name));

it("a waiting receiver soon gets a message that is sent", async () => {
  const queue = await open.makeQueue();
  const waiting = queue.receive({ waitSeconds: 20 });
  await isWaiting(queue);
  const sent = performance.now();
  await queue.send({ body: "hello" });
  expect(bodies(await waiting)).toEqual(["hello"]);
  // A few round trips, and not the 20 s; the bound is for a busy machine.
  expect(performance.now() - sent).toBeLessThan(10_000);
});

it("a queue wakes receivers only while some wait, in any process", async () => {
  const queue = await open.makeQueue();
  const heard: string[] = [];
  const listener = connectRedis(inject("redisUrl"), { prefix: "", onError: () => {} });
  await listener.subscribe(wakeChannel(`${open.prefix}queue:`, queue.name), "other");
  listener.on("message", (channel: string, text: string) => heard.push(channel === "other" ? text : "wake"));
  await queue.send({ body: 1 }, { body: 2 });
  await queue.settle("nack", [(await queue.receive({ max: 1 }))[0]!.receipt]);
  await queue.receive();
  const waiting = queue.receive({ waitSeconds: 20 });
  await until(async () => (await open.redis.hexists(queue.key("settings"), "listenUntil")) === 1);
  await open.redis.publish("other", "waits");
  await queue.send({ body: 3 });
  expect(bodies(await waiting)).toEqual([3]);
  await until(() => heard.length > 1);
  expect(heard).toEqual(["waits", "wake"]);
  listener.disconnect();
});

it("a receiver in the process that sends need not wait until Redis announces the message", async () => {
  const queue = await open.makeQueue();
  const waiting = queue.receive({ waitSeconds: 20 });
  await until(async () => (await open.redis.hexists(queue.key("settings"), "listenUntil")) === 1);
  await open.redis.hset(queue.key("settings"), "listenUntil", 1); // It announces nothing.
  const sent = performance.now();
  await queue.send({ body: "hello" });
  expect(bodies(await waiting)).toEqual(["hello"]);
  expect(performance.now() - sent).toBeLessThan(10_000);
});

it("of receivers that wait together, those that got nothing are woken by the next message", async () => {
  const queue = await open.makeQueue();
  const first = queue.receive({ max: 1, waitSeconds: 20 });
  const second = queue.receive({ max: 1, waitSeconds: 20 });
  await isWaiting(queue);
  await queue.send({ body: 1 });
  expect(bodies(await Promise.race([first, second]))).toEqual([1]);
  const sent = performance.now();
  await queue.send({ body: 2 });
  expect((await Promise.all([first, second])).flatMap(bodies).sort()).toEqual([1, 2]);
  expect(performance.now() - sent).toBeLessThan(10_000);
});

it("a waiting receiver gets nothing when the time is up", async () => {
  const queue = await open.makeQueue();
  const started = performance.now();
  expect(await queue.receive({ waitSeconds: 1 })).toEqual([]);
  expect(performance.now() - started).toBeGreaterThan(990);
});

it("a waiting receiver gets a delayed message when it is due, a leased one when its lease ends, a group's next one when its head is acked", async () => {
  const queue = await open.makeQueue();
  await queue.send({ body: "due", delaySeconds: 1 });
  const [due] = await queue.receive({ waitSeconds: 20, visibilitySeconds: 1 });
  expect(due?.body).toBe("due");
  const again = await queue.receive({ waitSeconds: 20 });
  expect(again).toMatchObject([{ body: "due", receives: 2 }]);
  await queue.send({ body: 1, groupId: "g" }, { body: 2, groupId: "g" });
  const [head] = await queue.receive();
  const waiting = queue.receive({ waitSeconds: 20 });
  await isWaiting(queue);
  await queue.settle("ack", [head?.receipt ?? ""]);
  expect(bodies(await waiting)).toEqual([2]);
});

it("a waiting receiver gets messages of an earlier delay, a shortened lease and a nack", async () => {
  const queue = await open.makeQueue();
  await queue.send({ body: "far", delaySeconds: 900 });
  let waiting = queue.receive({ waitSeconds: 20 });
  await isWaiting(queue);
  await queue.send({ body: "near", delaySeconds: 1 });
  const [near] = await waiting;
  expect(near?.body).toBe("near");
  waiting = queue.receive({ waitSeconds: 20 });
  await isWaiting(queue);
  await queue.settle("extend", [near?.receipt ?? ""], { visibilitySeconds: 1 });
  const [shortened] = await waiting;
  expect(shortened?.body).toBe("near");
  waiting = queue.receive({ waitSeconds: 20 });
  await isWaiting(queue);
  await queue.settle("nack", [shortened?.receipt ?? ""]);
  expect(bodies(await waiting)).toEqual(["near"]);
});

it("many waiting receivers are served first come, first served, each once", async () => {
  const queue = await open.makeQueue();
  const waiting: Promise<Received[]>[] = [];
  for (let i = 0; i < 20; i++) {
    waiting.push(queue.receive({ max: 1, waitSeconds: 20 }));
    await isWaiting(queue);
  }
  await queue.send(...Array.from({ length: 20 }, (_, i) => ({ body: i })));
  const found = await Promise.all(waiting);
  expect(new Set(found.flat().map((message) => message.id)).size).toBe(20);
  expect(found.every((messages) => messages.length === 1)).toBe(true);
  // The first in the line has the first message.
  expect(bodies(found.flat())).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

it("waiting does not poll", async () => {
  const queue = await open.makeQueue();
  const looks = vi.fn();
  const { as } = open.deps.commands;
  const callers = vi.spyOn(open.deps.commands, "as").mockImplementation((caller) => {
    const commands = as(caller);
    const { claim } = commands;
    return Object.assign(commands, {
      claim(...args: Parameters<typeof claim>) {
        looks();
        return claim(...args);
      },
    });
  });
  await Promise.all(Array.from({ length: 30 }, () => queue.receive({ waitSeconds: 1 })));
  // Each receiver claims when it arrives, and the line once for each; after that there are no commands.
  expect(looks.mock.calls.length).toBeGreaterThanOrEqual(30);
  expect(looks.mock.calls.length).toBeLessThanOrEqual(61);
  callers.mockRestore();
});

it("10,000 receivers waiting at one queue cause no more commands than one", async () => {
  const queue = await open.makeQueue();
  const looks = vi.spyOn(open.deps.commands, "claim");
  const callers: AbortController[] = [];
  const found: string[] = [];
  const wait = async () => {
    const caller = new AbortController();
    callers.push(caller);
    const options = { signal: caller.signal, beginWaiting: () => {} };
    const messages = await receive(open.deps, queue.name, { max: 1, waitSeconds: 60 }, options);
    found.push(...messages.map(({ payload }) => payload));
  };
  const waiting = [wait()];
  await isWaiting(queue);
  // Behind the first one, the others send no commands.
  for (let i = 1; i < 10_000; i++) waiting.push(wait());
  for (let i = 0; i < 30; i++) {
    await queue.send({ body: i });
    await until(async () => found.length === i + 1);
  }
  // One that gets the message, one that finds none, and one that was woken meanwhile.
  expect(looks.mock.calls.length).toBeLessThanOrEqual(30 * 4 + 10);
  for (const caller of callers) caller.abort();
  await Promise.all(waiting);
  looks.mockRestore();
});

it("a receiver that disconnects takes no message with it", async () => {
  const queue = await open.makeQueue();
  const gone = new AbortController();
  const waiting = open.request("POST", `${queue.path}/receive`, { body: { waitSeconds: 20 }, signal: gone.signal });
  await isWaiting(queue);
  gone.abort();
  await until(async () => !open.deps.waiting.hasWaiting(queue.name));
  await waiting.catch(() => {});
  await queue.send({ body: 1 });
  expect(await queue.receive()).toMatchObject([{ body: 1, receives: 1 }]);
});

it("a client that disconnects is noticed over a socket", async () => {
  await using listening = await listen();
  const queue = await open.makeQueue();
  const call = request({
    port: listening.port,
    path: `${queue.path}/receive`,
    method: "POST",
    headers: { Authorization: open.people.plain.bearer, "Content-Type": "application/json" },
  });
  call.on("error", () => {});
  call.end('{"waitSeconds":20}');
  await isWaiting(queue);
  call.destroy();
  await until(async () => !open.deps.waiting.hasWaiting(queue.name));
  await queue.send({ body: 1 });
  expect(await queue.receive()).toMatchObject([{ body: 1, receives: 1 }]);
});

it("deleting a queue ends the waiting of its receivers", async () => {
  const queue = await open.makeQueue();
  const waiting = open.request("POST", `${queue.path}/receive`, { body: { waitSeconds: 20 } });
  await isWaiting(queue);
  await open.request("DELETE", queue.path, { as: open.people.staff });
  expect((await waiting).status).toBe(404);
});

it("a message sent to one process reaches a receiver at another", async () => {
  const config = definition.loadConfig({
    REDIS_URL: inject("redisUrl"),
    REDIS_PREFIX: open.prefix,
    QUINTET_SECRET: "another process with the same store",
    AUTH_URL: "http://issuer.test",
  });
  await using other = definition.createDeps(config, { log: open.deps.log, auth: open.people.auth });
  const app = createApp(other);
  const queue = await open.makeQueue();
  const waiting = queue.receive({ waitSeconds: 20 });
  await isWaiting(queue);
  const sent = await app.request(`${queue.path}/messages`, {
    method: "POST",
    headers: { Authorization: open.people.plain.bearer, "Content-Type": "application/json" },
    body: '{"body":"from afar"}',
  });
  expect(sent.status).toBe(201);
  expect(bodies(await waiting)).toEqual(["from afar"]);
});

it("stopping the process ends all waiting, and nothing waits afterwards", async () => {
  await using stopping = await openQueue();
  const queue = await stopping.makeQueue();
  const waiting = queue.receive({ waitSeconds: 20 });
  await until(async () => stopping.deps.waiting.hasWaiting(queue.name));
  stopping.deps.waiting.close();
  expect(await waiting).toEqual([]);
  expect(await queue.receive({ waitSeconds: 20 })).toEqual([]);
});

async function listen() {
  const address = { port: 0, host: "127.0.0.1", log: open.deps.log, drainSeconds: 0 };
  const listening = await serve(listenerOf(createApp(open.deps)), address);
  return { port: listening.port, [Symbol.asyncDispose]: () => listening.close() };
}
