import { randomUUID } from "node:crypto";
import { metricsText } from "@quintet/http";
import { expectProblem } from "@quintet/http/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { simpleKey } from "../src/keys.ts";
import { type OpenQueue, openQueue } from "./open-queue.ts";

const MiB = 1024 * 1024;
const entryBytes = 36;
let open: OpenQueue;
beforeAll(async () => {
  const settings = { SIMPLE_QUEUE_MAX_LENGTH: "50", SIMPLE_QUEUE_MAX_BYTES: String(MiB) };
  open = await openQueue({ settings });
});
afterAll(() => open[Symbol.asyncDispose]());
beforeEach(() => open.redis.del(simpleKey));

const push = (body: unknown, headers: Record<string, string> = {}) =>
  open.request("POST", "/queue/push", { body, headers });
const pop = () => open.request("POST", "/queue/pop");
const count = async () => (await open.request("GET", "/queue/count")).json<{ count: number }>().count;
const bytes = async () => Number(/^quintet_queue_simple_bytes (\d+)$/m.exec(await metricsText())?.[1]);
const text = (size: number) => JSON.stringify("x".repeat(size - 2));

describe("the simple queue", () => {
  it("accepts its max number of messages and no more, under any number of concurrent pushes", async () => {
    const responses = await Promise.all(Array.from({ length: 80 }, (_, i) => push(i)));
    const refused = responses.filter(({ status }) => status !== 201);
    expect(refused).toHaveLength(30);
    for (const one of refused) expectProblem(one, 409);
    expect(refused[0]?.json()).toMatchObject({ detail: expect.stringMatching(/^The queue is full/) });
    expect(await count()).toBe(50);
    await pop();
    expect((await push(1)).status).toBe(201);
    expectProblem(await push(1), 409);
  });

  it("accepts its max number of bytes and no more, and counts them exactly", async () => {
    const large = 200 * 1024;
    for (let i = 0; i < 5; i++) expect((await push(text(large))).status).toBe(201);
    expect(await bytes()).toBe(5 * (entryBytes + large));
    expectProblem(await push(text(large)), 409);
    const rest = MiB - 5 * (entryBytes + large) - entryBytes;
    expectProblem(await push(text(rest + 1)), 409);
    expect((await push(text(rest))).status).toBe(201);
    expect(await bytes()).toBe(MiB);
    for (let i = 0; i < 3; i++) await pop();
    expect(await bytes()).toBe(2 * (entryBytes + large) + entryBytes + rest);
    await Promise.all(Array.from({ length: 5 }, pop));
    expect([await count(), await bytes()]).toEqual([0, 0]);
  });

  it("records every push that it accepts, and none that it rejects", async () => {
    const [taken, refused] = [randomUUID(), randomUUID()].map((key) => ({ "Idempotency-Key": key }));
    const first = await push(0, taken);
    await Promise.all(Array.from({ length: 49 }, (_, i) => push(i)));
    expectProblem(await push(1, refused), 409);
    const again = await push(0, taken);
    expect([again.status, again.text, again.headers.get("idempotency-replayed")]).toEqual([201, first.text, "true"]);
    await pop();
    const later = await push(1, refused);
    expect([later.status, later.headers.has("idempotency-replayed")]).toEqual([201, false]);
    expect(await count()).toBe(50);
  });

  it("measures what an earlier version has not counted", async () => {
    for (let i = 0; i < 5; i++) await open.redis.rpush(simpleKey, randomUUID() + text(200 * 1024));
    expectProblem(await push(text(100 * 1024)), 409);
    for (let i = 0; i < 5; i++) expect((await pop()).json<{ message: string }>().message).toHaveLength(200 * 1024 - 2);
    expect((await push(text(100 * 1024))).status).toBe(201);
    expect(await bytes()).toBe(entryBytes + 100 * 1024);
  });
});
