import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expectProblem, until } from "@quintet/http/testing";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";

const settings = { WEBHOOKS_PRIVATE_ADDRESSES: "true", QUINTET_SECRET: randomBytes(32).toString("hex") };
let open: OpenQueue;
/** A second process with the same store, as far as a process is its own dependencies. */
let other: OpenQueue;
beforeAll(async () => {
  open = await openQueue({ settings });
  other = await openQueue({ prefix: open.prefix, people: open.people, settings });
  open.deps.leader.start();
  other.deps.leader.start();
});
afterAll(async () => {
  await other[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
});

/** A request that a receiver got. */
interface Got {
  headers: IncomingMessage["headers"];
  text: string;
  data: { id: string; body: unknown; receives: number };
}

/** A receiver of webhooks; `respond` decides what each request gets, by their number from 1 on. */
async function receiver(respond: (response: ServerResponse, number: number, got: Got) => void) {
  const got: Got[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const one = { headers: request.headers, text, data: JSON.parse(text).data };
    got.push(one);
    respond(response, got.length, one);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    got,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const fine = (response: ServerResponse) => void response.writeHead(204).end();
const fail = (response: ServerResponse) => void response.writeHead(500).end("no");
const subscribe = async (queue: NamedQueue, url: string, rest: object = {}, id = "hook") => {
  const path = `${queue.path}/subscriptions/${id}`;
  return { path, response: await open.request("PUT", path, { body: { url, ...rest } }) };
};
const shown = async (path: string) => (await open.request("GET", path)).json<Record<string, string | number | null>>();

it.concurrent("messages are delivered, signed as Standard Webhooks, and acked by 2xx", async () => {
  using hook = await receiver(fine);
  const queue = await open.makeQueue();
  const { path, response } = await subscribe(queue, hook.url);
  expect([response.status, response.headers.get("location")]).toEqual([201, path]);
  const { secret = "" } = response.json<{ secret?: string }>();
  expect(secret).toMatch(/^whsec_/);
  const body = '{"messages":[{"body":{"b":1e400,"a":"ä"},"attributes":{"from":"test"},"priority":3}]}';
  const sent = await open.request("POST", `${queue.path}/messages`, { body });
  await queue.send({ body: 2 });
  await until(() => hook.got.length === 2);
  await until(async () => (await queue.counts()).length === 0);
  const first = hook.got.find((one) => one.text.includes("1e400"));
  const [id] = sent.json<{ messages: { id: string }[] }>().messages.map((message) => message.id);
  expect(first?.headers).toMatchObject({ "webhook-id": id, "content-type": "application/json" });
  expect(first?.text).toContain('"body":{"b":1e400,"a":"ä"}');
  const verified = new Webhook(secret).verify(first?.text ?? "", first?.headers as Record<string, string>);
  expect(verified).toMatchObject({
    type: "queue.message",
    timestamp: expect.any(String),
    data: { id, queue: queue.name, receives: 1, priority: 3, attributes: { from: { value: "test" } } },
  });
  const state = await until(async () => {
    const now = await shown(path);
    return now.delivered === 2 && now;
  });
  expect(state).toMatchObject({ status: "active", lastStatus: 204, failures: 0, lastError: null });
  expect(JSON.stringify(state)).not.toContain("whsec");
});

it.concurrent("a secret is kept when a subscription is put again without one, and replaced by another", async () => {
  using hook = await receiver(fine);
  const queue = await open.makeQueue();
  const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
  const { path, response } = await subscribe(queue, hook.url, { secret });
  expect(response.text).not.toContain("whsec_");
  const again = await open.request("PUT", path, { body: { url: hook.url, concurrency: 1 } });
  expect([again.status, again.text.includes("whsec_")]).toEqual([200, false]);
  await queue.send({ body: 1 });
  const got = await until(() => hook.got[0]);
  expect(() => new Webhook(secret).verify(got.text, got.headers as Record<string, string>)).not.toThrow();
  for (const bad of ["whsec_short", "secret", `whsec_${Buffer.alloc(65).toString("base64")}`]) {
    expectProblem(await open.request("PUT", path, { body: { url: hook.url, secret: bad } }), 422, "secret");
  }
});

it.concurrent("a message that fails is delivered again until it succeeds, with the same id", async () => {
  using hook = await receiver((response, number) => (number < 3 ? fail(response) : fine(response)));
  const queue = await open.makeQueue();
  const { path } = await subscribe(queue, hook.url);
  const [id] = await queue.send({ body: 1 });
  await until(() => hook.got.length === 3);
  expect(hook.got.map((one) => [one.headers["webhook-id"], one.data.receives])).toEqual([
    [id, 1],
    [id, 2],
    [id, 3],
  ]);
  const state = await until(async () => {
    const now = await shown(path);
    return now.delivered === 1 && now;
  });
  expect(state).toMatchObject({ failed: 2, failures: 0, lastError: "the receiver answered 500" });
});

it.concurrent("after maxReceives a message is a dead letter; Retry-After delays it; a redirect is not followed", async () => {
  const queue = await open.makeQueue();
  const dead = queue.name;
  const work = await open.makeQueue({ maxReceives: 2, deadLetterQueue: dead });
  using hook = await receiver((response, number, got) => {
    if (got.data.body === "later") return void response.writeHead(503, { "Retry-After": "600" }).end();
    response.writeHead(302, { Location: `/${number}` }).end();
  });
  await subscribe(work, hook.url);
  await work.send({ body: "poison" }, { body: "later" });
  await until(async () => (await queue.counts()).length === 1);
  expect(await queue.receive()).toMatchObject([{ body: "poison", deadLetterOf: work.name }]);
  expect(hook.got.filter((one) => one.data.body === "poison")).toHaveLength(2);
  expect(await work.counts()).toMatchObject({ delayed: 1, length: 1 });
});

it.concurrent("a receiver that is gone stops the subscription, and takes no message with it", async () => {
  using hook = await receiver((response) => void response.writeHead(410).end());
  const queue = await open.makeQueue();
  const { path } = await subscribe(queue, hook.url, { concurrency: 1 });
  await queue.send({ body: 1 }, { body: 2 });
  const stopped = await until(async () => {
    const now = await shown(path);
    return now.status === "stopped" && now;
  });
  expect(stopped.stoppedBecause).toBe("The receiver answered 410 Gone.");
  expect(await queue.receive()).toMatchObject([{ receives: 1 }, { receives: 1 }]);
  expect(hook.got).toHaveLength(1);
});

it.concurrent("slow deliveries are bounded for each subscription", async () => {
  const held: ServerResponse[] = [];
  using hook = await receiver((response) => void held.push(response));
  const queue = await open.makeQueue();
  await subscribe(queue, hook.url, { concurrency: 2 });
  await queue.send(...Array.from({ length: 6 }, (_, i) => ({ body: i })));
  for (let done = 0; done < 6; done++) {
    await until(() => held.length > 0);
    expect((await queue.counts()).leased).toBeLessThanOrEqual(2);
    const next = held.shift();
    if (next) fine(next);
  }
  await until(async () => (await queue.counts()).length === 0);
  expect(hook.got).toHaveLength(6);
});

it.concurrent("whoever may not receive may not subscribe; an account that loses the right receives no more", async () => {
  using hook = await receiver(fine);
  const queue = await open.makeQueue();
  const { path } = await subscribe(queue, hook.url);
  await queue.send({ body: 1 });
  await until(() => hook.got.length === 1);
  await open.redis.hset(queue.key("settings"), "owner", "999999");
  expectProblem((await subscribe(queue, hook.url, {}, "second")).response, 403);
  await open.request("POST", `${queue.path}/messages`, { as: open.people.staff, body: { body: 2 } });
  const stopped = await until(async () => {
    const now = await shown(path);
    return now.status === "stopped" && now;
  });
  expect(stopped.stoppedBecause).toBe(`This account may not receive from the queue ${queue.name}.`);
  expect(hook.got).toHaveLength(1);
});

it.concurrent("subscriptions belong to their account, are limited for each queue, and end with it", async () => {
  const queue = await open.makeQueue();
  const url = "http://127.0.0.1:9/";
  const all = await Promise.all(Array.from({ length: 11 }, (_, i) => subscribe(queue, url, {}, `s${i}`)));
  expect(all.map(({ response }) => response.status).toSorted()).toEqual([...Array(10).fill(201), 429]);
  const made = all.filter(({ response }) => response.status === 201).map(({ path }) => path);
  const as = open.people.other;
  for (const method of ["GET", "DELETE"]) expectProblem(await open.request(method, made[0] ?? "", { as }), 403);
  const count = async (who = open.people.plain) =>
    (await open.request("GET", `${queue.path}/subscriptions`, { as: who })).json<{ subscriptions: object[] }>()
      .subscriptions.length;
  expect([await count(), await count(as), await count(open.people.staff)]).toEqual([10, 0, 10]);
  expect((await open.request("DELETE", made[0] ?? "")).status).toBe(204);
  expect(await count()).toBe(9);
  await open.request("DELETE", queue.path, { as: open.people.staff });
  expectProblem(await open.request("GET", made[1] ?? ""), 404);
  // A new queue of the name has none of them.
  await open.request("PUT", queue.path, { as: open.people.staff, body: {} });
  expect(await count(open.people.staff)).toBe(0);
});

it.concurrent("without the setting, addresses that are not public are rejected", async () => {
  await using strict = await openQueue();
  const queue = await strict.makeQueue();
  for (const url of ["http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest", "http://localhost/"]) {
    const put = await strict.request("PUT", `${queue.path}/subscriptions/x`, { body: { url } });
    expectProblem(put, 422, "url");
  }
});
