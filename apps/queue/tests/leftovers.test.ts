import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { brokenKey, dueKey, queueKey, registryKeys } from "../src/keys.ts";
import { type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
});
afterAll(() => open[Symbol.asyncDispose]());

const days = 24 * 3_600_000;

/** Leaves everything in Redis that a queue can: messages, groups, leases, dedupe ids, keyed requests, transfers in both directions. */
async function useFully(queue: NamedQueue, deadLetters: NamedQueue): Promise<void> {
  const call = (as: "plain" | "staff", path: string, body: object, headers = {}) =>
    open.request("POST", path, { as: open.people[as], body, headers });
  const key = { "Idempotency-Key": randomUUID() };
  await call("plain", `${queue.path}/messages`, { body: 1, dedupeId: "d", groupId: "g" }, key);
  await queue.send({ body: 2, delaySeconds: 900 }, { body: 3 });
  const received = await queue.receive();
  await queue.settle("extend", [received[0]!.receipt], { visibilitySeconds: 60 });
  await queue.settle(
    "nack",
    received.map(({ receipt }) => receipt),
  );
  await expect.poll(async () => (await deadLetters.counts()).length, { timeout: 10_000 }).toBe(2);
  await call("staff", `${deadLetters.path}/redrive`, {});
  await expect.poll(async () => (await queue.counts()).length, { timeout: 10_000 }).toBe(3);
}

/** The keys of a queue with their time to live in ms; -1 without expiry. */
async function keysOf(...queues: NamedQueue[]): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { name } of queues) {
    const keys = await open.redis.keys(`${open.prefix}queue:*{${name}}*`);
    for (const key of keys) found[key] = await open.redis.pttl(key.slice(`${open.prefix}queue:`.length));
  }
  return found;
}

/** The keys with names of queues that are stored apart from the queues. */
async function isNamed({ name }: NamedQueue): Promise<boolean> {
  const places = await Promise.all([
    open.redis.zscore(registryKeys[0], name),
    open.redis.hget(registryKeys[1], name),
    open.redis.zscore(dueKey, name),
    open.redis.hget(brokenKey, name),
  ]);
  return places.some((found) => found !== null);
}

it("a deleted queue leaves only records that expire", async () => {
  const deadLetters = await open.makeQueue();
  const queue = await open.makeQueue({ maxReceives: 1, deadLetterQueue: deadLetters.name });
  await useFully(queue, deadLetters);
  for (const { path } of [queue, deadLetters]) {
    const deleted = open.request("DELETE", path, { as: open.people.staff });
    expect((await deleted).status).toBe(204);
  }
  const left = await keysOf(queue, deadLetters);
  const parts = Object.keys(left).map((key) => /:\{[^}]+\}:(\w+)/.exec(key)?.[1] ?? key);
  expect(new Set(parts)).toEqual(new Set(["arrivals", "sent", ...parts.filter((part) => !/^[a-z]+$/.test(part))]));
  for (const [key, ms] of Object.entries(left)) {
    expect(ms, key).toBeGreaterThan(0);
    expect(ms, key).toBeLessThanOrEqual(key.includes(":arrivals") ? 15 * days : 2 * days);
  }
  await expect.poll(() => Promise.all([queue, deadLetters].map(isNamed)), { timeout: 20_000 }).toEqual([false, false]);
});

it("a deleted broken queue leaves nothing", async () => {
  const queue = await open.makeQueue();
  await queue.send({ body: 1 });
  await open.redis.del(queueKey(queue.name, "ready"));
  await open.redis.set(queueKey(queue.name, "ready"), "broken");
  await open.request("POST", `${queue.path}/receive`, { body: {} });
  await expect.poll(() => open.redis.hexists(brokenKey, queue.name), { timeout: 20_000 }).toBe(1);
  expect((await open.request("DELETE", queue.path, { as: open.people.staff })).status).toBe(204);
  expect(Object.values(await keysOf(queue)).filter((ms) => ms < 0)).toEqual([]);
  await expect.poll(() => isNamed(queue), { timeout: 20_000 }).toBe(false);
});
