import { expectProblem } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { callerOf } from "../src/commands/caller.ts";
import { allowanceKeys } from "../src/keys.ts";
import { putAccess } from "../src/queues/access.ts";
import { putQueue } from "../src/queues/queues.ts";
import { settingsInputSchema, withDefaults } from "../src/queues/settings.ts";
import { expectConserved, type OpenQueue, openQueue, type Received } from "./open-queue.ts";

const maxMessages = 100;
const maxBytes = 20_000;
const settings = {
  QUEUE_ACCOUNT_MAX_QUEUES: "50",
  QUEUE_ACCOUNT_MAX_MESSAGES: String(maxMessages),
  QUEUE_ACCOUNT_MAX_BYTES: String(maxBytes),
};
let first: OpenQueue;
let second: OpenQueue;
beforeAll(async () => {
  first = await openQueue({ settings });
  // Another process on the same queues.
  second = await openQueue({ prefix: first.prefix, people: first.people, settings });
});
afterAll(async () => {
  await second[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
});

let made = 0;
type Who = "plain" | "other" | "staff";
type Body = Parameters<typeof settingsInputSchema.parse>[0];

async function makeQueue(who: Who = "plain", input: Body = {}): Promise<string> {
  const name = `quota-${++made}`;
  const parsed = withDefaults(settingsInputSchema.parse(input));
  await putQueue(first.deps, name, parsed, callerOf(first.people[who].account));
  return name;
}

const call = (name: string, verb: string, body: unknown, by = first, who: Who = "plain") =>
  by.request("POST", `/queue/queues/${name}/${verb}`, { as: first.people[who], body });
const send = (name: string, count = 1, by = first, who: Who = "plain", body: unknown = 1) =>
  call(name, "messages", { messages: Array.from({ length: count }, () => ({ body })) }, by, who);
const receive = async (name: string, max = 100, who: Who = "plain") =>
  (await call(name, "receive", { max }, first, who)).json<{ messages: Received[] }>().messages;
const settle = async (verb: string, name: string, messages: Received[], who: Who = "plain") =>
  messages.length > 0 && call(name, verb, { receipts: messages.map(({ receipt }) => receipt) }, first, who);

async function lengthOf(name: string): Promise<number> {
  const shown = await first.request("GET", `/queue/queues/${name}`, { as: first.people.staff });
  const queue = shown.json<Parameters<typeof expectConserved>[0]>();
  expectConserved(queue);
  return Number(queue.counts.length);
}
const sum = async (names: string[]) => (await Promise.all(names.map(lengthOf))).reduce((a, b) => a + b, 0);

/** Acks dead letters until all that wait at their source have arrived. */
async function emptyInto(dead: string, source: string, owner: Who): Promise<void> {
  await expect
    .poll(
      async () => {
        await settle("ack", dead, await receive(dead, 100, owner), owner);
        return sum([source, dead]);
      },
      { timeout: 10_000 },
    )
    .toBe(0);
}

/** Deletes all queues of the accounts, so that they start with nothing. */
async function clear(): Promise<void> {
  for (const who of ["plain", "other"] as const) {
    for (const name of await first.deps.registry.ownedBy(String(first.people[who].account.id))) {
      await first.request("PUT", `/queue/queues/${name}`, { as: first.people.staff, body: {} });
      await first.request("POST", `/queue/queues/${name}/purge`, { as: first.people.staff });
    }
    for (const name of await first.deps.registry.ownedBy(String(first.people[who].account.id))) {
      const gone = await first.request("DELETE", `/queue/queues/${name}`, { as: first.people.staff });
      expect(gone.status, gone.text).toBe(204);
    }
    await first.redis.del(allowanceKeys(String(first.people[who].account.id)));
  }
}

/** A second passes, after which unused allowances may be taken back again. */
async function aSecondPasses(): Promise<void> {
  for (const { account } of [first.people.plain, first.people.other]) {
    await first.redis.del(allowanceKeys(String(account.id))[1]);
  }
}

it("many small queues in two processes together hold no more than the account may have", async () => {
  const names = await Promise.all(Array.from({ length: 10 }, () => makeQueue()));
  const refusedBy = new Set<string>();
  const flood = async (by: OpenQueue, name: string) => {
    for (let i = 0; i < 8; i++) {
      const response = await send(name, 1, by);
      if (response.status === 201) continue;
      const { detail } = expectProblem(response, 429);
      refusedBy.add(detail.replace(/quota-\d+/, "…"));
      expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
    }
  };
  await Promise.all(names.flatMap((name) => [flood(first, name), flood(second, name)]));
  expect([...refusedBy]).toEqual([expect.stringContaining("at most 100 messages (QUEUE_ACCOUNT_MAX_MESSAGES)")]);
  // What was allotted to queues and not used is found.
  await expect
    .poll(
      async () => {
        await aSecondPasses();
        for (const name of names) await send(name);
        return sum(names);
      },
      { timeout: 10_000 },
    )
    .toBe(maxMessages);
  expectProblem(await send(names[0] ?? "", 1, second), 429);

  // Another queue of the account gets the room of messages that were acked.
  const [full = "", other = ""] = names;
  const held = await receive(full);
  await settle("ack", full, held);
  await aSecondPasses();
  await expect.poll(async () => (await send(other, held.length)).status, { timeout: 10_000 }).toBe(201);
  expect(await sum(names)).toBe(maxMessages);
  await clear();
});

it("bytes are limited as well, and a batch is added as a whole or not", async () => {
  const [one, two] = [await makeQueue(), await makeQueue()];
  const body = "x".repeat(998);
  expect((await send(one, 10, first, "plain", body)).status).toBe(201);
  expect((await send(two, 9, second, "plain", body)).status).toBe(201);
  const { detail } = expectProblem(await send(two, 2, first, "plain", body), 429);
  expect(detail).toContain("20000 bytes of messages (QUEUE_ACCOUNT_MAX_BYTES)");
  expect(await lengthOf(two)).toBe(9);
  expect((await send(two, 1, first, "plain", body)).status).toBe(201);
  await clear();
});

it("messages of others count for the owner; queues of staff have no such limit", async () => {
  const [own, shared] = [await makeQueue(), await makeQueue("staff")];
  const { other, plain } = first.people;
  const access = { send: [other.account.id], receive: [], manage: [] };
  await putAccess(first.deps, own, access, callerOf(plain.account));
  expect((await send(own, 60, first, "other")).status).toBe(201);
  expectProblem(await send(own, 60, first, "other"), 429);
  for (let i = 0; i < 3; i++) expect((await send(shared, 60)).status).toBe(201);
  expect((await send(await makeQueue("other"), 100, first, "other")).status).toBe(201);
  await clear();
  await first.request("DELETE", `/queue/queues/${shared}`, { as: first.people.staff });
});

it("dead letters move at the limit, and are no way around it", async () => {
  const dead = await makeQueue();
  const source = await makeQueue("plain", { deadLetterQueue: dead, maxReceives: 1 });
  let held = 0;
  for (let i = 0; i < 6; i++) {
    for (let sent = 0; sent < 100; sent += 10) await send(source, 10);
    await settle("nack", source, await receive(source));
    held = Math.max(held, await sum([source, dead]));
    await aSecondPasses();
  }
  // The limit, and what a transfer may add.
  expect(held).toBeGreaterThanOrEqual(maxMessages);
  expect(held).toBeLessThanOrEqual(2 * maxMessages);
  await emptyInto(dead, source, "plain");
  await clear();
});

it("dead letters wait at their source while the owner of the destination has no room, and none is lost", async () => {
  const dead = await makeQueue("other");
  const { other, plain } = first.people;
  const access = { send: [plain.account.id], receive: [], manage: [] };
  await putAccess(first.deps, dead, access, callerOf(other.account));
  const source = await makeQueue("plain", { deadLetterQueue: dead, maxReceives: 1 });
  let acceptedTotal = 0;
  for (let i = 0; i < 4; i++) {
    const accepted = (await send(source, 100)).status === 201;
    if (accepted) acceptedTotal += 100;
    await settle("nack", source, await receive(source));
    await aSecondPasses();
  }
  expect(await lengthOf(dead)).toBeLessThanOrEqual(2 * maxMessages);
  expect(await sum([source, dead])).toBe(acceptedTotal);
  expect(acceptedTotal).toBe(3 * maxMessages);
  expectProblem(await send(source), 429);
  await emptyInto(dead, source, "other");
  await clear();
});

it("a queue that changes its owner counts for the new one at once, and no longer for the old one", async () => {
  const queue = await makeQueue();
  const { other, staff } = first.people;
  for (let i = 0; i < 9; i++) expect((await send(queue, 10)).status).toBe(201);
  const access = { send: [], receive: [], manage: [], owner: other.account.id };
  await putAccess(first.deps, queue, access, callerOf(staff.account));
  expectProblem(await send(await makeQueue("other"), 20, first, "other"), 429);
  expect((await send(queue, 10, first, "other")).status).toBe(201);
  expectProblem(await send(queue, 1, first, "other"), 429);
  expect((await send(await makeQueue(), 90)).status).toBe(201);
  await clear();
});

it("a slow process cannot apply an allowance that was taken back", async () => {
  const queue = await makeQueue();
  await send(queue, 5);
  const key = `queue:{${queue}}:settings`;
  const version = Number(await first.redis.hget(key, "allowedVersion"));
  expect(version).toBeGreaterThan(0);
  const run = (await import("../src/commands/load.ts")).loadCommands(first.redis);
  await run("allow-1", [key], [String(first.people.plain.account.id), version, 1_000_000, 1_000_000]);
  await run("allow-1", [key], [String(first.people.other.account.id), version + 5, 1_000_000, 1_000_000]);
  expect(Number(await first.redis.hget(key, "allowedMessages"))).toBeLessThanOrEqual(maxMessages);
  expectProblem(await send(queue, 96), 429);
  // What was allotted was lost: versions ascend all the same.
  await first.redis.hset(key, "allowedVersion", 1_000_000);
  await first.redis.del(allowanceKeys(String(first.people.plain.account.id)));
  expect((await send(queue, 30)).status).toBe(201);
  await clear();
});
