import { expectProblem } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
});
afterAll(() => open[Symbol.asyncDispose]());

const bodies = (messages: { body: unknown }[]) => messages.map((message) => message.body);
const receipts = (messages: { receipt: string }[]) => messages.map((message) => message.receipt);

describe("sending", () => {
  it("accepts a single message and returns its id", async () => {
    const queue = await open.makeQueue();
    const response = await open.request("POST", `${queue.path}/messages`, { body: { body: { a: 1 } } });
    expect(response.status).toBe(201);
    expect(response.json()).toEqual({ messages: [{ id: expect.any(String), duplicate: false }] });
    const [message] = await queue.receive();
    expect(message).toEqual({
      id: response.json<{ messages: { id: string }[] }>().messages[0]?.id,
      body: { a: 1 },
      attributes: {},
      receipt: expect.any(String),
      receives: 1,
      sentAt: expect.any(String),
      firstReceivedAt: expect.any(String),
      leasedUntil: expect.any(String),
      priority: 0,
      groupId: null,
      tenantId: null,
      dedupeId: null,
      sender: open.people.plain.account.id,
      number: 1,
      deadLetterOf: null,
    });
  });

  it("accepts 100 messages, all or none, and delivers them in order", async () => {
    const queue = await open.makeQueue({ maxLength: 150 });
    const hundred = Array.from({ length: 100 }, (_, i) => ({ body: i }));
    expect(new Set(await queue.send(...hundred)).size).toBe(100);
    const full = await open.request("POST", `${queue.path}/messages`, { body: { messages: hundred } });
    expectProblem(full, 409);
    expect((await queue.counts()).length).toBe(100);
    expect(bodies(await queue.receive())).toEqual(hundred.map((message) => message.body));
  });

  it.each([
    ["an empty list", { messages: [] }, "messages"],
    ["101 messages", { messages: Array.from({ length: 101 }, () => ({ body: 1 })) }, "messages"],
    ["no list", { messages: 1 }, "messages"],
    ["an unknown field", { body: 1, color: "red" }, "color"],
    ["an unknown field in a list", { messages: [{ body: 1, color: "red" }] }, "messages.0.color"],
    ["a field beside the list", { messages: [{ body: 1 }], body: 1 }, "body"],
    ["no body", { priority: 1 }, "body"],
    ["no body in a list", { messages: [{}] }, "messages.0.body"],
    ["a delay below 0", { body: 1, delaySeconds: -1 }, "delaySeconds"],
    ["a delay above 90 days", { body: 1, delaySeconds: 7_776_001 }, "delaySeconds"],
    ["a time without a zone", { body: 1, sendAt: "2030-01-31T08:00:00" }, "sendAt"],
    ["a time more than 90 days ahead", { body: 1, sendAt: "2999-01-31T08:00:00Z" }, "sendAt"],
    ["a time and a delay", { body: 1, sendAt: "2020-01-31T08:00:00Z", delaySeconds: 1 }, "sendAt"],
    [
      "11 attributes",
      { body: 1, attributes: Object.fromEntries([..."abcdefghijk"].map((name) => [name, 1])) },
      "attributes",
    ],
    ["an attribute that is a list", { body: 1, attributes: { a: [] } }, "attributes.a"],
    ["an unknown type of attribute", { body: 1, attributes: { a: { type: "Text", value: "x" } } }, "attributes.a"],
    ["an empty attribute", { body: 1, attributes: { a: "" } }, "attributes.a"],
    ["a number that is none", { body: 1, attributes: { a: { type: "Number", value: "1x" } } }, "attributes.a"],
    [
      "a number of 39 digits",
      { body: 1, attributes: { a: { type: "Number", value: "1".repeat(39) } } },
      "attributes.a",
    ],
    [
      "a binary value that is not base64",
      { body: 1, attributes: { a: { type: "Binary", value: "?" } } },
      "attributes.a",
    ],
    ["a reserved name of an attribute", { body: 1, attributes: { "AWS.a": "x" } }, "attributes.AWS.a"],
    ["a name with two periods", { messages: [{ body: 1, attributes: { "a..b": "x" } }] }, "messages.0.attributes.a..b"],
    ["an attribute __proto__", '{"body":1,"attributes":{"__proto__":"x"}}', "attributes.__proto__"],
    ["a fraction", { body: 1, delaySeconds: 0.5 }, "delaySeconds"],
    ["a text for a number", { body: 1, priority: "1" }, "priority"],
    ["a priority above 9", { body: 1, priority: 10 }, "priority"],
    ["a group with a NUL", { body: 1, groupId: "a\0b" }, "groupId"],
    ["an empty group", { body: 1, groupId: "" }, "groupId"],
    ["a long dedupeId", { body: 1, dedupeId: "x".repeat(129) }, "dedupeId"],
    ["a lone surrogate as dedupeId", { body: 1, dedupeId: "\ud800" }, "dedupeId"],
    ["a list for an object", [], ""],
    ["null", "null", ""],
    ["a number", "1", ""],
  ])("rejects %s and stores nothing", async (_, body, path) => {
    const queue = await open.makeQueue();
    expectProblem(await open.request("POST", `${queue.path}/messages`, { body }), 422, path);
    expect((await queue.counts()).length).toBe(0);
  });

  it("rejects messages that are too large", async () => {
    const queue = await open.makeQueue();
    const path = `${queue.path}/messages`;
    const at = (bytes: number) => `{"body":"${"x".repeat(bytes - 2)}"}`;
    const max = 1024 * 1024;
    expectProblem(await open.request("POST", path, { body: at(max + 1) }), 413);
    expect((await open.request("POST", path, { body: at(max) })).status).toBe(201);
    const withAttributes = at(max - 10).replace("{", '{"attributes":{"a":"b"},');
    expectProblem(await open.request("POST", path, { body: withAttributes }), 413);
    expectProblem(await open.request("POST", path, { body: `{"messages":[${at(4 * max)}]}` }), 413);
    const wide = `{"body":"${"ü".repeat(max / 2)}"}`;
    expectProblem(await open.request("POST", path, { body: wide }), 413);
  });

  it("returns each body as it was written", async () => {
    const queue = await open.makeQueue();
    const texts = [
      '{"b":1,"1":2,"a":{"__proto__":1}}',
      "1e400",
      "123456789012345678901234567890.10",
      '[ 1 , {"x" : "\\u0041\\ud800\\u0000 }]\\""} ]',
      '"😀"',
      "null",
      '{"body":1,"messages":[2]}',
    ];
    const path = `${queue.path}/messages`;
    const list = texts.map((text) => `{ "priority":0, "body": ${text} , "body" :${text} }`).join(" ,\n");
    expect((await open.request("POST", path, { body: `{"messages" : [ ${list} ] }` })).status).toBe(201);
    for (const text of texts) expect((await open.request("POST", path, { body: `{"body":${text}}` })).status).toBe(201);
    const response = await open.request("POST", `${queue.path}/receive`, { body: { max: 100 } });
    for (const text of texts) expect(response.text.split(`"body":${text}}`)).toHaveLength(3);
  });

  it("returns attributes with their types", async () => {
    const queue = await open.makeQueue();
    const attributes = {
      a: "größe 😀",
      "b.c": 7,
      d: { type: "Number.int", value: "1" },
      e: { type: "Binary", value: "AAE=" },
    };
    await queue.send({ body: "ü", attributes }, { body: 1, attributes: {} });
    expect(await queue.receive()).toMatchObject([
      {
        body: "ü",
        attributes: {
          a: { type: "String", value: "größe 😀" },
          "b.c": { type: "Number", value: "7" },
          d: { type: "Number.int", value: "1" },
          e: { type: "Binary", value: "AAE=" },
        },
      },
      { body: 1, attributes: {} },
    ]);
  });

  it("delivers a message at its time", async () => {
    const queue = await open.makeQueue();
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    await queue.send(
      { body: "past", sendAt: at(-60_000) },
      { body: "soon", sendAt: at(300) },
      { body: "far", sendAt: at(7_000_000_000) },
    );
    expect(bodies(await queue.receive())).toEqual(["past"]);
    expect(bodies(await queue.receive({ waitSeconds: 10 }))).toEqual(["soon"]);
    // Its retention starts at its time.
    expect(await queue.counts()).toMatchObject({ delayed: 1 });
    const [, until] = await open.redis.zrange(queue.key("ages"), "-1", "-1", "WITHSCORES");
    expect(Number(until)).toBeGreaterThan(Date.now() + 6_000_000_000);
  });

  it("sends once for the same Idempotency-Key", async () => {
    const queue = await open.makeQueue();
    const call = { body: { body: "once" }, headers: { "Idempotency-Key": "k1" } };
    const first = await open.request("POST", `${queue.path}/messages`, call);
    const again = await open.request("POST", `${queue.path}/messages`, call);
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect((await queue.counts()).length).toBe(1);
  });
});

describe("dedupeId", () => {
  it("returns the first id for five minutes", async () => {
    const queue = await open.makeQueue({ maxLength: 2 });
    const [first, same, other] = await queue.send(
      { body: 1, dedupeId: "a" },
      { body: 2, dedupeId: "a" },
      { body: 3, dedupeId: "b" },
    );
    expect(same).toBe(first);
    expect(other).not.toBe(first);
    // A full queue still recognizes duplicates.
    expect(await queue.send({ body: 4, dedupeId: "a" })).toEqual([first]);
    const [message] = await queue.receive({ max: 1 });
    await queue.settle("ack", [message?.receipt ?? ""]);
    expect(await queue.send({ body: 5, dedupeId: "a" })).toEqual([first]);
    expect((await queue.counts()).length).toBe(1);
    await open.redis.zincrby(queue.key("dedupe-times"), -300_001, "a");
    expect(await queue.send({ body: 6, dedupeId: "a" })).not.toEqual([first]);
    expect(bodies(await queue.receive())).toEqual([3, 6]);
  });
});

describe("order", () => {
  it("is by priority, then by sending", async () => {
    const queue = await open.makeQueue();
    await queue.send(
      { body: "a" },
      { body: "b", priority: 9 },
      { body: "c", priority: 5 },
      { body: "d", priority: 9 },
      { body: "e" },
    );
    expect(bodies(await queue.receive())).toEqual(["b", "d", "c", "a", "e"]);
  });

  it("is kept by a message that comes back", async () => {
    const queue = await open.makeQueue();
    await queue.send({ body: 1 }, { body: 2 }, { body: 3 });
    const [first] = await queue.receive({ max: 1 });
    await queue.settle("nack", [first?.receipt ?? ""]);
    expect(bodies(await queue.receive())).toEqual([1, 2, 3]);
  });

  it("is kept within a group, one message in flight at a time", async () => {
    const queue = await open.makeQueue();
    await queue.send(
      { body: "a1", groupId: "a" },
      { body: "a2", groupId: "a", priority: 9 },
      { body: "b1", groupId: "b" },
      { body: "free" },
      { body: "a3", groupId: "a" },
    );
    expect(await queue.counts()).toEqual({ ready: 3, blocked: 2, delayed: 0, leased: 0, dead: 0, length: 5 });
    const first = await queue.receive();
    expect(bodies(first)).toEqual(["a1", "b1", "free"]);
    expect(await queue.receive()).toEqual([]);
    await queue.settle("nack", [first[0]?.receipt ?? ""]);
    const again = await queue.receive();
    expect(bodies(again)).toEqual(["a1"]);
    await queue.settle("ack", receipts(again));
    const second = await queue.receive();
    expect(bodies(second)).toEqual(["a2"]);
    await queue.settle("ack", receipts(second));
    expect(bodies(await queue.receive())).toEqual(["a3"]);
  });

  it("is kept in a group whose head is delayed", async () => {
    const queue = await open.makeQueue();
    await queue.send({ body: "a1", groupId: "a", delaySeconds: 900 }, { body: "a2", groupId: "a" });
    expect(await queue.receive()).toEqual([]);
    expect(await queue.counts()).toEqual({ ready: 0, blocked: 1, delayed: 1, leased: 0, dead: 0, length: 2 });
  });

  it("is separate for groups whose names have a common prefix", async () => {
    const queue = await open.makeQueue();
    await queue.send({ body: 1, groupId: "a" }, { body: 2, groupId: "a0" }, { body: 3, groupId: "a(" });
    expect(bodies(await queue.receive())).toEqual([1, 2, 3]);
  });
});

describe("leases", () => {
  let queue: NamedQueue;
  const past = async (ms: number) => {
    await queue.pass(ms, "leases");
  };

  it("belong to one receiver until they end, and old receipts are invalid", async () => {
    queue = await open.makeQueue({ visibilitySeconds: 30 });
    await queue.send({ body: 1 });
    const first = await queue.receive();
    expect(await queue.receive()).toEqual([]);
    expect(Date.parse(first[0]?.leasedUntil ?? "") - Date.parse(first[0]?.sentAt ?? "")).toBeGreaterThanOrEqual(30_000);
    await past(30_001);
    // An ended lease is invalid, even while nobody else has received the message.
    expect(await queue.settle("ack", receipts(first))).toEqual(["not-found"]);
    const second = await queue.receive();
    expect(second).toMatchObject([{ id: first[0]?.id, receives: 2 }]);
    for (const verb of ["ack", "nack"]) expect(await queue.settle(verb, receipts(first))).toEqual(["not-found"]);
    expect(await queue.settle("extend", receipts(first), { visibilitySeconds: 9 })).toEqual(["not-found"]);
    const [held = ""] = receipts(second);
    expect(
      await queue.settle("ack", [held, held, "' OR 1=1", `${held.slice(0, 36)}AAAAAAAAAAAAAAAAAAAAAA`, ""]),
    ).toEqual(["ok", "not-found", "not-found", "not-found", "not-found"]);
    expect((await queue.counts()).length).toBe(0);
  });

  it("are extended, shortened and ended", async () => {
    queue = await open.makeQueue({ visibilitySeconds: 30 });
    await queue.send({ body: 1 });
    const [first] = await queue.receive();
    const body = { receipts: [first?.receipt], visibilitySeconds: 3600 };
    const extended = await open.request("POST", `${queue.path}/extend`, { body });
    const [result] = extended.json<{ results: { status: string; leasedUntil: string }[] }>().results;
    expect(result?.status).toBe("ok");
    expect(Date.parse(result?.leasedUntil ?? "") - Date.parse(first?.leasedUntil ?? "")).toBeGreaterThan(3_500_000);
    await past(1_000_000);
    expect(await queue.receive()).toEqual([]);
    expect(await queue.settle("extend", [first?.receipt ?? ""], { visibilitySeconds: 0 })).toEqual(["ok"]);
    expect(await queue.receive()).toMatchObject([{ id: first?.id, receives: 2 }]);
  });

  it("have the length that the receiver sets, even 0", async () => {
    queue = await open.makeQueue();
    await queue.send({ body: 1 });
    expect(await queue.receive({ visibilitySeconds: 0 })).toMatchObject([{ receives: 1 }]);
    expect(await queue.receive({ visibilitySeconds: 100 })).toMatchObject([{ receives: 2 }]);
    expect(await queue.receive()).toEqual([]);
  });

  it("are returned at once or after a delay", async () => {
    queue = await open.makeQueue();
    await queue.send({ body: 1 }, { body: 2 });
    const [one, two] = receipts(await queue.receive());
    expect(await queue.settle("nack", [one ?? ""])).toEqual(["ok"]);
    expect(await queue.settle("nack", [two ?? ""], { delaySeconds: 900 })).toEqual(["ok"]);
    expect(await queue.counts()).toEqual({ ready: 1, blocked: 0, delayed: 1, leased: 0, dead: 0, length: 2 });
    expect(bodies(await queue.receive())).toEqual([1]);
  });

  it.each([
    ["no receipts", {}, "receipts"],
    ["an empty list", { receipts: [] }, "receipts"],
    ["101 receipts", { receipts: Array.from({ length: 101 }, () => "x") }, "receipts"],
    ["a number", { receipts: [1] }, "receipts.0"],
    ["an overlong one", { receipts: ["x".repeat(201)] }, "receipts.0"],
    ["an unknown field", { receipts: ["x"], visibilitySeconds: 1, all: true }, "all"],
  ])("are not touched by %s", async (_, body, path) => {
    queue = await open.makeQueue();
    for (const verb of ["ack", "nack", "extend"]) {
      const full = verb === "extend" ? { visibilitySeconds: 1, ...body } : body;
      expectProblem(await open.request("POST", `${queue.path}/${verb}`, { body: full }), 422, path);
    }
  });
});

describe("receiving", () => {
  it.each([
    ["max", 0],
    ["max", 101],
    ["max", "1"],
    ["waitSeconds", 21],
    ["waitSeconds", -1],
    ["visibilitySeconds", 43_201],
    ["visibilitySeconds", null],
    ["min", 1],
  ])("rejects %s %s", async (name, value) => {
    const queue = await open.makeQueue();
    expectProblem(await open.request("POST", `${queue.path}/receive`, { body: { [name]: value } }), 422, name);
  });

  it("treats an empty request as one message without waiting", async () => {
    const queue = await open.makeQueue();
    await queue.send({ body: 1 }, { body: 2 });
    const response = await open.request("POST", `${queue.path}/receive`);
    expect(bodies(response.json<{ messages: { body: unknown }[] }>().messages)).toEqual([1]);
  });

  it("returns a few megabytes at most", async () => {
    const queue = await open.makeQueue();
    const large = { body: "x".repeat(250 * 1024) };
    for (let i = 0; i < 7; i++) await queue.send(large, large, large, large);
    const first = await queue.receive();
    expect(first.length).toBe(16);
    expect(await queue.receive()).toHaveLength(12);
  });
});

describe("time", () => {
  it("makes delayed messages ready, by the message's delay or the queue's", async () => {
    const queue = await open.makeQueue({ delaySeconds: 900 });
    await queue.send({ body: "late" }, { body: "later", delaySeconds: 800 }, { body: "now", delaySeconds: 0 });
    expect(bodies(await queue.receive())).toEqual(["now"]);
    await queue.pass(900_000, "delayed");
    expect(bodies(await queue.receive())).toEqual(["late", "later"]);
  });

  it("removes messages that are too old, also leased ones", async () => {
    const queue = await open.makeQueue({ retentionSeconds: 60 });
    const [old, , leased] = await queue.send(
      { body: "old", groupId: "g" },
      { body: "next", groupId: "g" },
      { body: "x" },
    );
    const out = await queue.receive();
    await queue.settle("nack", [out[0]?.receipt ?? ""]);
    await queue.pass(60_000, "ages", [old ?? "", leased ?? ""]);
    expect(await queue.counts()).toEqual({ ready: 1, blocked: 0, delayed: 0, leased: 0, dead: 0, length: 1 });
    expect(await queue.settle("ack", [out[1]?.receipt ?? ""])).toEqual(["not-found"]);
    expect(bodies(await queue.receive())).toEqual(["next"]);
  });
});

describe("a queue that does not exist", () => {
  it.each([
    ["messages", { body: 1 }],
    ["receive", {}],
    ["receive", { waitSeconds: 20 }],
    ["ack", { receipts: ["x"] }],
    ["nack", { receipts: ["x"] }],
    ["extend", { receipts: ["x"], visibilitySeconds: 1 }],
    ["redrive", undefined],
  ])("is a 404 for %s", async (verb, body) => {
    expectProblem(await open.request("POST", `/queue/queues/none/${verb}`, { body }), 404);
  });
});
