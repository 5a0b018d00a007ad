import { expectProblem } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
});
afterAll(() => open[Symbol.asyncDispose]());

interface Stored {
  id: string;
  state: string;
  sentAt: string;
  availableAt: string | null;
  leasedUntil: string | null;
  receives: number;
  groupId: string | null;
  bytes: number;
  body: unknown;
}
interface Page {
  messages: Stored[];
  nextCursor: string | null;
}

const page = async (queue: NamedQueue, query: Record<string, string> = {}) => {
  const response = await open.request("GET", `${queue.path}/messages?${new URLSearchParams(query)}`);
  expect(response.status, response.text).toBe(200);
  return response.json<Page>();
};
/** All messages of a list, page by page. */
const all = async (queue: NamedQueue, query: Record<string, string> = {}, between = async () => {}) => {
  const found: Stored[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { messages, nextCursor }: Page = await page(queue, { ...query, ...(cursor === "" ? {} : { cursor }) });
    found.push(...messages);
    cursor = nextCursor;
    await between();
  }
  return found;
};
const one = (queue: NamedQueue, id: string | undefined, method = "GET", body?: object) =>
  open.request(method, `${queue.path}/messages/${id}`, { body });
const bodies = (messages: { body: unknown }[]) => messages.map(({ body }) => body);

/** The content of all keys of a queue, except the replies of commands. */
const contentOf = async (queue: NamedQueue) => {
  const hashes = ["settings", "records", "payloads"].map((part) => open.redis.hgetallBuffer(queue.key(part)));
  const sets = ["ready", "delayed", "leases", "ages", "groups", "outbox", "dead", "tenants"].map((part) =>
    open.redis.zrange(queue.key(part), "0", "-1", "WITHSCORES"),
  );
  return [await Promise.all(hashes), await Promise.all(sets)];
};

/** A queue with a message in each state; the bodies name them. */
const filled = async () => {
  const queue = await open.makeQueue();
  await queue.send({ body: "leased", groupId: "g" });
  await queue.receive({ visibilitySeconds: 600 });
  await queue.send(
    { body: "blocked", groupId: "g" },
    { body: "ready" },
    { body: "delayed", delaySeconds: 900 },
    { body: "urgent", priority: 9 },
  );
  return queue;
};

describe("a list of messages", () => {
  it("shows the messages of each state, and changes nothing", async () => {
    const queue = await filled();
    const before = await contentOf(queue);
    const states = ["ready", "blocked", "delayed", "leased", "dead", "moving"];
    const shown = await Promise.all(states.map(async (state) => bodies(await all(queue, { state }))));
    expect(shown).toEqual([["urgent", "ready"], ["blocked"], ["delayed"], ["leased"], [], []]);
    const everything = await all(queue);
    expect(everything.map(({ state }) => state).sort()).toEqual(["blocked", "delayed", "leased", "ready", "ready"]);
    for (const { id, state } of everything) expect((await one(queue, id)).json()).toMatchObject({ id, state });
    expect(await contentOf(queue)).toEqual(before);
    expect(bodies(await queue.receive())).toEqual(["urgent", "ready"]);
  });

  it("shows what is known of a message, and its body byte for byte", async () => {
    const queue = await open.makeQueue();
    const path = `${queue.path}/messages`;
    const body = '{"z": 1e400, "a":123456789012345678901234567890,"z":"\\u00e9\u{1f600}"}';
    await open.request("POST", path, { body: `{"body":${body},"groupId":"g","priority":3,"dedupeId":"d"}` });
    const text = (await open.request("GET", path)).text;
    expect(text).toContain(`"body":${body}}`);
    const [message] = (await page(queue)).messages;
    expect(message).toMatchObject({
      state: "ready",
      receives: 0,
      firstReceivedAt: null,
      leasedUntil: null,
      groupId: "g",
      priority: 3,
      deadLetterOf: null,
      deadLetterPath: [],
      attributes: {},
      bytes: Buffer.byteLength(body),
      truncated: false,
    });
    expect(message?.availableAt).toBe(message?.sentAt);
    const [received] = await queue.receive();
    expect((await one(queue, message?.id)).json()).toMatchObject({
      state: "leased",
      receives: 1,
      availableAt: null,
      leasedUntil: received?.leasedUntil,
    });
    const cut = await open.request("GET", `${path}?maxBodyBytes=57`);
    expect(cut.json<{ messages: object[] }>().messages).toMatchObject(
      [{ truncated: true, body: null, bodyStart: '{"z": 1e400, "a":123456789012345678901234567890,"z":"\\u00' }].map(
        (shown) => ({ ...shown, bodyStart: shown.bodyStart.slice(0, 57) }),
      ),
    );
  });

  it("pages through messages that are sent, acked, delayed and leased meanwhile, and misses none that stays", async () => {
    const queue = await open.makeQueue();
    const stay: string[] = [];
    for (let i = 0; i < 6; i++) {
      stay.push(...(await queue.send(...Array.from({ length: 20 }, (_, body) => ({ body, delaySeconds: 900 })))));
    }
    // All of these have one position: the cursor must not depend on a member that is still there.
    for (const id of stay) await open.redis.zadd(queue.key("delayed"), 4e12, id);
    const now = Date.now();
    for (const id of stay) await open.redis.zadd(queue.key("ages"), now, id);
    for (const query of [{}, { state: "delayed" }]) {
      const removed: string[] = [];
      const seen = await all(queue, { ...query, limit: "7" }, async () => {
        await queue.send({ body: "new", delaySeconds: 900 });
        const [gone] = stay.splice(Math.floor(stay.length / 2), 1);
        removed.push(gone ?? "");
        expect((await one(queue, gone, "DELETE")).status).toBe(204);
      });
      const ids = seen.map(({ id }) => id);
      expect(ids.length).toBe(new Set(ids).size);
      expect(stay.filter((id) => !ids.includes(id))).toEqual([]);
      expect(removed.length).toBeGreaterThan(10);
    }
  });

  it("finds messages by id, group and state together", async () => {
    const queue = await filled();
    await queue.send({ body: "other", groupId: "gg" }, { body: "also", groupId: "g" });
    expect(bodies(await all(queue, { groupId: "g" }))).toEqual(["leased", "blocked", "also"]);
    expect(bodies(await all(queue, { groupId: "g", state: "blocked", limit: "1" }))).toEqual(["blocked", "also"]);
    expect(bodies(await all(queue, { groupId: "gg" }))).toEqual(["other"]);
    expect(bodies(await all(queue, { groupId: "none" }))).toEqual([]);
    expect(bodies(await all(queue, { state: "blocked" }))).toEqual(["blocked", "also"]);
    const [{ id = "" } = {}] = await all(queue, { state: "leased" });
    expect(bodies(await all(queue, { id }))).toEqual(["leased"]);
    expect(bodies(await all(queue, { id, state: "ready" }))).toEqual([]);
    expect(bodies(await all(queue, { id: "none" }))).toEqual([]);
  });

  it("finds all messages of a group of a .fifo queue, each once", async () => {
    const queue = await open.makeQueue({ maxReceives: 1 }, "browsed.fifo");
    const groupId = "g";
    await queue.send({ body: "dead", groupId });
    await queue.settle(
      "nack",
      (await queue.receive()).map(({ receipt }) => receipt),
      { delaySeconds: 0 },
    );
    await queue.send(...["returned", "leased", "blocked"].map((body) => ({ body, groupId })));
    await queue.send({ body: "delayed", groupId, delaySeconds: 900 }, { body: "other", groupId: "h" });
    await open.request("PUT", queue.path, { as: open.people.staff, body: { maxReceives: 9 } });
    const received = await queue.receive({ max: 2, visibilitySeconds: 600 });
    await queue.settle("nack", [received[0]?.receipt ?? ""], { delaySeconds: 600 });
    const states = {
      blocked: ["blocked"],
      ready: [],
      leased: ["leased"],
      delayed: ["returned", "delayed"],
      dead: ["dead"],
    };
    for (const [state, found] of Object.entries(states)) {
      expect(bodies(await all(queue, { groupId, state })), state).toEqual(found);
    }
    const everything = bodies(await all(queue, { groupId, limit: "1" }));
    expect(everything.sort()).toEqual(["blocked", "dead", "delayed", "leased", "returned"]);
    expect(bodies(await all(queue, { state: "dead" }))).toEqual(["dead"]);
    // What is put off is out of the order of its group until it is due.
    const [{ id = "" } = {}] = await all(queue, { groupId, state: "blocked" });
    expect((await one(queue, id, "PATCH", { delaySeconds: 900 })).json()).toMatchObject({ state: "delayed" });
    expect((await one(queue, id, "PATCH", { delaySeconds: 0 })).json()).toMatchObject({ state: "blocked" });
    expect((await one(queue, received[1]?.id, "DELETE")).status).toBe(204);
    expect((await one(queue, received[0]?.id, "PATCH", { delaySeconds: 0 })).json()).toMatchObject({ state: "ready" });
    expect(bodies(await queue.receive())).toEqual(["returned", "blocked", "other"]);
    const [{ id: dead = "" } = {}] = await all(queue, { state: "dead" });
    expectProblem(await one(queue, dead, "PATCH", { delaySeconds: 1 }), 409);
    expect((await one(queue, dead, "DELETE")).status).toBe(204);
    await queue.counts();
  });

  it("finds messages by an attribute", async () => {
    const queue = await open.makeQueue();
    await queue.send(
      { body: 1, attributes: { customer: "a:1", n: 7, "b.in": { type: "Binary", value: "AAEC" } } },
      { body: 2, attributes: { customer: "é\u{1f600}" } },
      { body: '\u0001{"customer":"a:1"}' },
    );
    for (const [attribute, found] of [
      ["customer:a:1", [1]],
      ["customer:a", []],
      ["customer:é\u{1f600}", [2]],
      ["n:7", [1]],
      ["b.in:AAEC", [1]],
      ["type:Binary", []],
    ] as const) {
      expect(bodies(await all(queue, { attribute })), attribute).toEqual(found);
    }
    const cut = await page(queue, { attribute: "n:7", maxBodyBytes: "0" });
    expect(cut.messages).toMatchObject([
      { truncated: true, bodyStart: "", attributes: { n: { type: "Number", value: "7" } } },
    ]);
  });

  it("searches a bounded number of messages in each command", async () => {
    const queue = await open.makeQueue();
    const hundred = Array.from({ length: 100 }, (_, body) => ({ body }));
    for (let i = 0; i < 3; i++) await queue.send(...hundred);
    await queue.send({ body: "found", groupId: "g" });
    const { commands } = open.deps;
    const options = { groupId: "g", max: 10 };
    const first = await commands.listMessages(queue.name, { set: "ready" }, options);
    expect(first).toMatchObject({ messages: [], next: [expect.any(String), expect.any(String)] });
    const second = await commands.listMessages(queue.name, { set: "ready", after: first?.next }, options);
    expect(second).toMatchObject({ messages: [{ payload: '"found"' }], next: undefined });
    // A page goes on where one command ends.
    expect(bodies((await page(queue, { state: "ready", tenantId: "nobody" })).messages)).toEqual([]);
    expect(bodies(await all(queue, { state: "ready", limit: "100" }))).toHaveLength(301);
  });

  it("rejects invalid filters, and cursors of other lists", async () => {
    const queue = await filled();
    const list = (query: string, at = queue) => open.request("GET", `${at.path}/messages?${query}`);
    expectProblem(await list("state=gone"), 400, "state");
    expectProblem(await list("attribute=nothing"), 400, "attribute");
    expectProblem(await list("groupId="), 400, "groupId");
    expectProblem(await list("limit=101"), 400, "limit");
    expectProblem(await list("cursor=x"), 400, "cursor");
    const { nextCursor } = await page(queue, { limit: "1" });
    expectProblem(await list(`cursor=${nextCursor}&state=ready`), 400, "cursor");
    expectProblem(await list(`cursor=${nextCursor}`, await open.makeQueue()), 400, "cursor");
    expectProblem(await open.request("GET", "/queue/queues/none/messages"), 404);
    expectProblem(await one(queue, "none"), 404);
  });

  it("of a broken queue names it", async () => {
    const queue = await filled();
    await open.redis.set(queue.key("delayed"), "not this");
    for (const response of [
      await open.request("GET", `${queue.path}/messages`),
      await one(queue, "none"),
      await one(queue, "none", "DELETE"),
    ]) {
      expectProblem(response, 500);
      expect(response.text).toContain(queue.name);
    }
  });
});

describe("cancelling", () => {
  it("deletes a message in any state; the receipt of a leased one is not found", async () => {
    const queue = await filled();
    const receipts = (await queue.receive({ max: 1 })).map(({ receipt }) => receipt);
    const messages = await all(queue);
    for (const { id } of messages) {
      expect((await one(queue, id, "DELETE")).status).toBe(204);
      expectProblem(await one(queue, id, "DELETE"), 404);
      expectProblem(await one(queue, id), 404);
      await queue.counts(); // This checks the conservation of messages.
    }
    expect(await queue.settle("ack", receipts)).toEqual(["not-found"]);
    expect((await open.request("GET", queue.path)).json()).toMatchObject({
      counts: { length: 0 },
      flow: { purged: 5 },
    });
    for (const part of ["records", "payloads", "ready", "delayed", "leases", "ages", "groups"]) {
      expect(await open.redis.exists(queue.key(part)), part).toBe(0);
    }
  });

  it("of the first message of a group makes the next one available", async () => {
    const queue = await open.makeQueue();
    const [first] = await queue.send(...[1, 2, 3].map((body) => ({ body, groupId: "g" })));
    await queue.receive();
    expect((await one(queue, first, "DELETE")).status).toBe(204);
    expect(bodies(await queue.receive())).toEqual([2]);
  });
});

describe("putting off", () => {
  it("delays a ready message, and brings a delayed one forward", async () => {
    const queue = await open.makeQueue();
    const [a, b] = await queue.send({ body: "a" }, { body: "b", delaySeconds: 900 });
    const put = await one(queue, a, "PATCH", { delaySeconds: 7_776_000 });
    expect([put.status, put.json().state]).toEqual([200, "delayed"]);
    expect(Date.parse(put.json<Stored>().availableAt ?? "") - Date.now()).toBeGreaterThan(7_775_000_000);
    expect((await one(queue, b, "PATCH", { delaySeconds: 0 })).json()).toMatchObject({ state: "ready" });
    const waiting = queue.receive({ waitSeconds: 20, max: 1, visibilitySeconds: 600 });
    expect(bodies(await waiting)).toEqual(["b"]);
    // It does not expire before it is available.
    expect(Number(await open.redis.zscore(queue.key("ages"), a ?? ""))).toBeGreaterThan(Date.now() + 7_775_000_000);
    expectProblem(await one(queue, b, "PATCH", { delaySeconds: 1 }), 409);
    expectProblem(await one(queue, "none", "PATCH", { delaySeconds: 1 }), 404);
    expectProblem(await one(queue, a, "PATCH", { delaySeconds: 7_776_001 }), 422, "delaySeconds");
    expectProblem(await one(queue, a, "PATCH", {}), 422, "delaySeconds");
  });

  it("wakes a receiver that waits for the message", async () => {
    const queue = await open.makeQueue();
    const [id] = await queue.send({ body: 1, delaySeconds: 900 });
    const waiting = queue.receive({ waitSeconds: 20 });
    await one(queue, id, "PATCH", { delaySeconds: 0 });
    expect(bodies(await waiting)).toEqual([1]);
  });

  it("of a message that waits in its group takes effect when it is its turn", async () => {
    const queue = await open.makeQueue();
    const [, second] = await queue.send(...[1, 2].map((body) => ({ body, groupId: "g" })));
    expect((await one(queue, second, "PATCH", { delaySeconds: 900 })).json()).toMatchObject({ state: "blocked" });
    const [first] = await queue.receive();
    await queue.settle("ack", [first?.receipt ?? ""]);
    expect(await queue.counts()).toMatchObject({ delayed: 1, length: 1 });
  });
});

it("a message looks the same to a receiver and to one who only looks", async () => {
  const queue = await open.makeQueue();
  await queue.send({ body: { a: [1e3] }, groupId: "g", dedupeId: "d", priority: 3, attributes: { kind: "new" } });
  await queue.send({ body: null, tenantId: "t" });
  for (const received of await queue.receive()) {
    const seen = (await open.request("GET", `${queue.path}/messages/${received.id}`)).json<Record<string, unknown>>();
    const { receipt: _, number: __, ...shared } = received;
    expect(seen).toMatchObject(shared);
  }
});
