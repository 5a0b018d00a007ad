import { randomUUID } from "node:crypto";
import { expectProblem } from "@quintet/http/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { simpleKey } from "../src/keys.ts";
import { type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
});
afterAll(() => open[Symbol.asyncDispose]());
beforeEach(() => open.redis.del(simpleKey));

const push = (body: unknown, headers: Record<string, string> = {}) =>
  open.request("POST", "/queue/push", { body, headers });
const pop = () => open.request("POST", "/queue/pop");
const count = async () => (await open.request("GET", "/queue/count")).json();

describe("push and pop", () => {
  it("deliver messages first in, first out, each once", async () => {
    const ids: string[] = [];
    for (const message of ["1", '{"a":[1]}', '"text"']) {
      const response = await push(message);
      expect(response.status).toBe(201);
      expect(response.json()).toEqual({ status: "ok", id: expect.any(String) });
      ids.push(response.json<{ id: string }>().id);
    }
    expect(await count()).toEqual({ count: 3 });
    for (const [i, message] of [1, { a: [1] }, "text"].entries()) {
      const response = await pop();
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/json");
      expect(response.json()).toEqual({ status: "ok", id: ids[i], message });
    }
    expect((await pop()).json()).toEqual({ status: "ok", message: null, detail: "The queue is empty" });
    expect(await count()).toEqual({ count: 0 });
  });

  it.each([
    "null",
    "false",
    "0",
    "-0",
    '""',
    "[]",
    "{}",
    "1e400",
    "12345678901234567890123456789.0",
    '{"__proto__":1,"constructor":{"prototype":null}}',
    '{"b":1,"a":2,"1":3,"a":4}',
    '"\\ud800"',
    '"\\u0000\\u2028"',
    '"\u{1f600}\u{10ffff}"',
    ' {\n"a" : 1 }\t',
    `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
    '"\'; DROP TABLE auth_user; --"',
  ])("return %j byte for byte", async (text) => {
    const pushed = await push(text);
    expect(pushed.status, pushed.text).toBe(201);
    const { id } = pushed.json<{ id: string }>();
    expect((await pop()).text).toBe(`{"status":"ok","id":"${id}","message":${text}}`);
  });

  it("deliver each message to one of many concurrent pops", async () => {
    const pushed = await Promise.all(Array.from({ length: 100 }, (_, i) => push(i)));
    const popped = await Promise.all(Array.from({ length: 120 }, pop));
    const ids = popped.flatMap((response) => response.json<{ id?: string }>().id ?? []);
    expect(ids.sort()).toEqual(pushed.map((response) => response.json<{ id: string }>().id).sort());
  });

  it.each([
    ["nothing", ""],
    ["a brace", "{"],
    ["half a word", "nul"],
    ["a comma too many", "[1,]"],
    ["single quotes", "'a'"],
    ["a NUL", "\0"],
    ["NaN", "NaN"],
    ["two values", "1 2"],
    ["a byte order mark", "\ufeff1"],
    ["a bare control character", '"\n"'],
  ])("reject %s", async (_, body) => {
    expectProblem(await push(body), 400);
    expect(await count()).toEqual({ count: 0 });
  });

  it("reject a body that is not UTF-8", async () => {
    expectProblem(await push(Buffer.from([0x22, 0xff, 0x22])), 400);
    expectProblem(await push(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])), 400); // a surrogate, encoded
    expectProblem(await push(Buffer.from('"\u00e9"', "utf16le")), 400);
  });

  it("reject other media types, and accept all JSON types", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""]) {
      expectProblem(await push("1", { "Content-Type": type }), 415);
    }
    for (const type of ["application/json; charset=utf-8", "application/vnd.order+json", "APPLICATION/JSON"]) {
      expect((await push("1", { "Content-Type": type })).status).toBe(201);
    }
  });

  it("accept 1 MiB and no byte more", async () => {
    expect((await push(`"${"x".repeat(1024 * 1024 - 2)}"`)).status).toBe(201);
    expectProblem(await push(`"${"x".repeat(1024 * 1024 - 1)}"`), 413);
    expectProblem(await push(`"${"x".repeat(3 * 1024 * 1024)}"`), 413);
    expect(await count()).toEqual({ count: 1 });
  });

  it("push once for the same Idempotency-Key", async () => {
    const key = { "Idempotency-Key": randomUUID() };
    const first = await push("1", key);
    const again = await push("1", key);
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expectProblem(await push("2", key), 422);
    const others = await open.request("POST", "/queue/push", { as: open.people.other, body: "1", headers: key });
    expect(others.text).not.toBe(first.text);
    const raced = { "Idempotency-Key": randomUUID() };
    const responses = await Promise.all([1, 2, 3, 4].map(() => push('"raced"', raced)));
    expect(responses.every(({ status }) => status === 201 || status === 409)).toBe(true);
    expect(await count()).toEqual({ count: 3 });
  });
});
