import { randomUUID } from "node:crypto";
import type { TestAccount } from "@quintet/accounts/testing";
import { testPrefix } from "@quintet/db/testing";
import { expectProblem, type TestResponse } from "@quintet/http/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { accountsKey, ownSimpleKey, simpleKey } from "../src/keys.ts";
import { type OpenQueue, openQueue } from "./open-queue.ts";

const prefix = testPrefix();
const entryBytes = 36;
const maxMessages = 5;
const maxBytes = 4096;
const limits = { SIMPLE_QUEUE_ACCOUNT_MAX_MESSAGES: "5", SIMPLE_QUEUE_ACCOUNT_MAX_BYTES: "4096" };
let open: OpenQueue;
let second: OpenQueue;
beforeAll(async () => {
  open = await openQueue({ prefix, settings: limits });
  second = await openQueue({ prefix, settings: { ...limits, SIMPLE_QUEUE: "account" } });
});
afterAll(async () => {
  await second[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
});

interface Client {
  push(body: unknown, as?: TestAccount, headers?: Record<string, string>): Promise<TestResponse>;
  pop(as?: TestAccount): Promise<TestResponse>;
  count(as?: TestAccount): Promise<number>;
}

function clientOf(queue: () => OpenQueue): Client {
  return {
    push: (body, as = open.people.plain, headers = {}) =>
      queue().request("POST", "/queue/push", { as: sameAccount(queue(), as), body: JSON.stringify(body), headers }),
    pop: (as = open.people.plain) => queue().request("POST", "/queue/pop", { as: sameAccount(queue(), as) }),
    async count(as = open.people.plain) {
      const response = await queue().request("GET", "/queue/count", { as: sameAccount(queue(), as) });
      return response.json<{ count: number }>().count;
    },
  };
}

/** Each app has an issuer of its own; the account of the same name stands for this one. */
function sameAccount(queue: OpenQueue, account: TestAccount): TestAccount {
  const { plain, other, staff } = open.people;
  const { people } = queue;
  return account === plain
    ? people.plain
    : account === other
      ? people.other
      : account === staff
        ? people.staff
        : account;
}

const shared = clientOf(() => open);
const own = clientOf(() => second);
/** A message of so many bytes of JSON text. */
const text = (size: number) => "x".repeat(size - 2);
const statuses = (responses: TestResponse[]) => responses.map(({ status }) => status).sort();

describe("an account", () => {
  beforeEach(() => open.redis.del(simpleKey));

  it("has at most its max number of messages in the shared queue, whoever else pushes", async () => {
    const responses = await Promise.all(Array.from({ length: 8 }, (_, i) => shared.push(i)));
    expect(statuses(responses)).toEqual([201, 201, 201, 201, 201, 429, 429, 429]);
    const refused = responses.find(({ status }) => status === 429);
    expect(refused?.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(expectProblem(refused as TestResponse, 429)).toMatchObject({
      detail: expect.stringContaining("SIMPLE_QUEUE_ACCOUNT_MAX_MESSAGES"),
    });
    const { other, staff } = open.people;
    expect((await shared.push("other", other)).status).toBe(201);
    const byStaff = await Promise.all(Array.from({ length: 2 * maxMessages }, (_, i) => shared.push(i, staff)));
    expect(new Set(statuses(byStaff))).toEqual(new Set([201]));
    expect(await shared.count()).toBe(maxMessages + 1 + 2 * maxMessages);
    // Another account takes one of its messages, and it may push another, but no more.
    expect((await shared.pop(other)).json()).toMatchObject({ message: expect.any(Number) });
    expect(statuses(await Promise.all([shared.push("a"), shared.push("b")]))).toEqual([201, 429]);
  });

  it("has at most its max number of bytes there, counted exactly", async () => {
    const large = 1500;
    for (let i = 0; i < 2; i++) expect((await shared.push(text(large))).status).toBe(201);
    const rest = maxBytes - 2 * (entryBytes + large) - entryBytes;
    expect(expectProblem(await shared.push(text(rest + 1)), 429)).toMatchObject({
      detail: expect.stringContaining("SIMPLE_QUEUE_ACCOUNT_MAX_BYTES"),
    });
    expect((await shared.push(text(rest))).status).toBe(201);
    expect((await shared.push("1")).status).toBe(429);
    for (let i = 0; i < 3; i++) expect((await shared.pop()).json<{ id?: string }>().id).toBeDefined();
    expect(await open.redis.exists(accountsKey(`${prefix}queue:`, simpleKey))).toBe(0);
    expect((await shared.push(text(maxBytes - entryBytes))).status).toBe(201);
  });

  it("keeps its Idempotency-Key for a push that was refused", async () => {
    await Promise.all(Array.from({ length: maxMessages }, (_, i) => shared.push(i)));
    const key = { "Idempotency-Key": randomUUID() };
    expectProblem(await shared.push("late", undefined, key), 429);
    await shared.pop();
    const pushed = await shared.push("late", undefined, key);
    expect([pushed.status, pushed.headers.has("idempotency-replayed")]).toEqual([201, false]);
    expectProblem(await shared.push("later"), 429);
    const again = await shared.push("late", undefined, key);
    expect([again.status, again.text]).toEqual([201, pushed.text]);
  });

  it("is not charged for messages of an earlier version, which are popped as they were", async () => {
    const id = randomUUID();
    await open.redis.rpush(simpleKey, `${id}{"a":1}`, ...Array.from({ length: 9 }, () => `${randomUUID()}[]`));
    const responses = await Promise.all(Array.from({ length: 6 }, (_, i) => shared.push(i)));
    expect(statuses(responses)).toEqual([201, 201, 201, 201, 201, 429]);
    expect((await shared.pop()).text).toBe(`{"status":"ok","id":"${id}","message":{"a":1}}`);
    for (let i = 0; i < 9; i++) await shared.pop();
    expect((await shared.push("full")).status).toBe(429);
    expect((await shared.pop()).json()).toMatchObject({ message: 0 });
    expect((await shared.push("again")).status).toBe(201);
  });
});

it("a pop that cannot count fails before it removes a message", async () => {
  const key = accountsKey(`${prefix}queue:`, simpleKey);
  await open.redis.del(simpleKey);
  expect((await shared.push("kept")).status).toBe(201);
  await open.redis.set(key, "not this");
  expectProblem(await shared.pop(), 500);
  await open.redis.del(key);
  expect((await shared.pop()).json()).toMatchObject({ message: "kept" });
});

describe("with a queue for each account", () => {
  it("an account pops what it pushed, and nothing of another's or of the shared queue", async () => {
    const { plain, other } = open.people;
    await open.redis.del(simpleKey);
    expect((await shared.push("shared")).status).toBe(201);
    const key = { "Idempotency-Key": randomUUID() };
    const [first, , again] = [
      await own.push("mine", plain, key),
      await own.push("theirs", other),
      await own.push("mine", plain, key),
    ];
    expect([again.text, again.headers.get("idempotency-replayed")]).toEqual([first.text, "true"]);
    expect([await own.count(plain), await own.count(other), await shared.count()]).toEqual([1, 1, 1]);
    const popped = await Promise.all([own.pop(plain), own.pop(plain), own.pop(other)]);
    expect(popped.map((one) => one.json<{ message: unknown }>().message)).toEqual(["mine", null, "theirs"]);
    expect(await shared.count()).toBe(1);
  });

  it("its limits hold there too", async () => {
    const responses = await Promise.all(Array.from({ length: 7 }, (_, i) => own.push(i)));
    expect(statuses(responses)).toEqual([201, 201, 201, 201, 201, 429, 429]);
    const { account } = second.people.plain;
    expect(await second.redis.llen(ownSimpleKey(account.id))).toBe(maxMessages);
  });
});
