import { expectProblem } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registryKeys } from "../src/keys.ts";
import { type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
});
afterAll(() => open[Symbol.asyncDispose]());

const put = (name: string, body: object) =>
  open.request("PUT", `/queue/queues/${name}`, { as: open.people.staff, body });
const remove = (name: string) => open.request("DELETE", `/queue/queues/${name}`, { as: open.people.staff });
const get = (name: string) => open.request("GET", `/queue/queues/${name}`);

const standard = {
  visibilitySeconds: 30,
  maxReceives: 20,
  deadLetterQueue: null,
  retentionSeconds: 345_600,
  delaySeconds: 0,
  maxLength: null,
  maxBytes: null,
  backoffSeconds: 1,
  maxBackoffSeconds: 300,
  dedupeSeconds: 300,
  dedupeByContent: false,
  dedupeUntilAcked: false,
};

describe("a queue", () => {
  it("is created, read, changed and deleted", async () => {
    const made = await put("life", {});
    expect([made.status, made.headers.get("location")]).toEqual([201, "/queue/queues/life"]);
    const view = {
      name: "life",
      ...standard,
      createdAt: expect.any(String),
      owner: null,
      access: { send: ["everyone"], receive: ["everyone"], manage: ["staff"] },
      counts: { ready: 0, blocked: 0, delayed: 0, leased: 0, dead: 0, length: 0 },
      flow: { sent: 0, received: 0, acked: 0, expired: 0, purged: 0, movedIn: 0, movedOut: 0 },
      bytes: 0,
      oldestAgeSeconds: null,
      deadLetters: null,
    };
    expect(made.json()).toEqual(view);
    expect((await get("life")).text).toBe(made.text);

    const changed = await put("life", { visibilitySeconds: 5, maxLength: 3 });
    expect(changed.status).toBe(200);
    expect(changed.json()).toEqual({ ...view, visibilitySeconds: 5, maxLength: 3 });
    expect(changed.json().createdAt).toBe(made.json().createdAt);
    expect((await put("life", {})).json()).toEqual(view);

    expect([(await remove("life")).status, (await remove("life")).status]).toEqual([204, 404]);
    expectProblem(await get("life"), 404);
    expectProblem(await open.request("POST", "/queue/queues/life/purge", { as: open.people.staff }), 404);
    expect(await open.redis.keys(`${open.prefix}queue:queue:{life}*`)).toEqual([]);
  });

  it("that is created again knows no Idempotency-Key and no dedupeId of the earlier one", async () => {
    const send = () =>
      open.request("POST", "/queue/queues/anew/messages", {
        body: { body: 1, dedupeId: "d" },
        headers: { "Idempotency-Key": "k" },
      });
    const ids = new Set<string>();
    for (let i = 0; i < 2; i++) {
      await put("anew", {});
      const [first, again] = [await send(), await send()];
      expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
      ids.add(first.text);
      expect((await get("anew")).json()).toMatchObject({ counts: { length: 1 }, flow: { sent: 1 } });
      await remove("anew");
    }
    expect(ids.size).toBe(2);
  });

  it("keeps its messages when its settings change, and loses them when it is deleted or purged", async () => {
    const queue = await open.makeQueue();
    await queue.send({ body: 1, dedupeId: "d" }, { body: 2, groupId: "g" }, { body: 3, groupId: "g" }, { body: 4 });
    const [, leased] = await queue.receive({ max: 2 });
    await put(queue.name, { visibilitySeconds: 1 });
    expect(await queue.counts()).toEqual({ ready: 1, blocked: 1, delayed: 0, leased: 2, dead: 0, length: 4 });

    const purged = await open.request("POST", `${queue.path}/purge`, { as: open.people.staff });
    expect([purged.status, purged.text]).toEqual([204, ""]);
    expect(await queue.counts()).toEqual({ ready: 0, blocked: 0, delayed: 0, leased: 0, dead: 0, length: 0 });
    expect(await queue.settle("ack", [leased?.receipt ?? ""])).toEqual(["not-found"]);
    await queue.send({ body: 5, groupId: "g" }, { body: 6 });
    expect((await queue.receive()).map((message) => message.body)).toEqual([5, 6]);

    await remove(queue.name);
    await put(queue.name, {});
    expect((await queue.counts()).length).toBe(0);
  });

  it.each([
    ["visibilitySeconds", -1],
    ["visibilitySeconds", 43_201],
    ["visibilitySeconds", "1"],
    ["visibilitySeconds", 1.5],
    ["visibilitySeconds", null],
    ["maxReceives", 0],
    ["maxReceives", 1001],
    ["retentionSeconds", 59],
    ["retentionSeconds", 1_209_601],
    ["delaySeconds", 901],
    ["maxLength", 0],
    ["maxLength", 10_000_001],
    ["deadLetterQueue", "a b"],
    ["deadLetterQueue", ""],
    ["deadLetterQueue", 1],
    ["color", "red"],
    ["__proto__x", 1],
  ])("rejects %s %j", async (name, value) => {
    expectProblem(await put("refused", { [name]: value }), 422, name);
    expectProblem(await get("refused"), 404);
  });

  it("accepts the min and max of every range", async () => {
    await put("target", {});
    const least = {
      visibilitySeconds: 0,
      maxReceives: 1,
      deadLetterQueue: "target",
      retentionSeconds: 60,
      maxLength: 1,
    };
    expect((await put("ends", least)).json()).toMatchObject(least);
    const most = {
      visibilitySeconds: 43_200,
      maxReceives: 1000,
      deadLetterQueue: "target",
      retentionSeconds: 1_209_600,
      delaySeconds: 900,
      maxLength: 10_000_000,
    };
    expect((await put("ends", most)).json()).toMatchObject(most);
  });
});

describe("a dead-letter queue", () => {
  it("must be another, existing queue, without a cycle", async () => {
    expectProblem(await put("a", { deadLetterQueue: "a" }), 422, "deadLetterQueue");
    expectProblem(await put("a", { deadLetterQueue: "absent" }), 422, "deadLetterQueue");
    expectProblem(await get("a"), 404);
    await put("a", {});
    expect((await put("b", { deadLetterQueue: "a" })).json()).toMatchObject({ maxReceives: 5, deadLetters: 0 });
    await put("c", { deadLetterQueue: "b", maxReceives: 2 });
    expectProblem(await put("a", { deadLetterQueue: "c" }), 422, "deadLetterQueue");
    expectProblem(await put("a", { deadLetterQueue: "a" }), 422, "deadLetterQueue");
    expect((await get("a")).json()).toMatchObject({ deadLetterQueue: null });
  });

  it("requires maxReceives, which is 20 without one, and null means no limit then", async () => {
    await put("d", {});
    expect((await put("e", {})).json()).toMatchObject({ maxReceives: 20, deadLetterQueue: null });
    expect((await put("e", { maxReceives: null })).json()).toMatchObject({ maxReceives: null });
    expect((await put("e", { maxReceives: 3 })).json()).toMatchObject({ maxReceives: 3 });
    expectProblem(await put("e", { maxReceives: null, deadLetterQueue: "d" }), 422, "maxReceives");
  });

  it("of a .fifo queue is a .fifo queue, and of no other", async () => {
    await put("k.fifo", {});
    expectProblem(await put("l", { deadLetterQueue: "k.fifo" }), 422, "deadLetterQueue");
    expectProblem(await put("l.fifo", { deadLetterQueue: "d" }), 422, "deadLetterQueue");
    expect((await put("l.fifo", { deadLetterQueue: "k.fifo" })).status).toBe(201);
  });

  it("cannot be deleted while another's dead letters go there", async () => {
    await put("f", {});
    await put("g", { deadLetterQueue: "f" });
    expectProblem(await remove("f"), 409);
    await put("g", {});
    expect((await remove("f")).status).toBe(204);
  });
});

describe("the list", () => {
  it("is ordered by name, in pages", async () => {
    const names = Array.from({ length: 7 }, (_, i) => `list-${i}`);
    await Promise.all(names.map((name) => put(name, {})));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await open.request("GET", `/queue/queues?limit=2${more}`);
      expect(page.status, page.text).toBe(200);
      const { queues, nextCursor } = page.json<{ queues: { name: string }[]; nextCursor: string | null }>();
      expect(queues.length).toBeLessThanOrEqual(2);
      seen.push(...queues.map((queue) => queue.name));
      cursor = nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual([...seen].sort());
    expect(seen).toEqual(expect.arrayContaining(names));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it.each(["limit=0", "limit=101", "limit=x", "cursor=forged", "cursor=", "cursor=%00", "limit=1&limit=2", "offset=1"])(
    "refuses %s",
    async (query) => {
      expectProblem(await open.request("GET", `/queue/queues?${query}`), 400, query.slice(0, query.indexOf("=")));
    },
  );

  it("names a queue without settings separately", async () => {
    await open.redis.zadd(registryKeys[0], 0, "list-unfinished");
    const page = await open.request("GET", "/queue/queues?limit=100");
    expect(page.status).toBe(200);
    const { queues, broken } = page.json<{ queues: { name: string }[]; broken: object[] }>();
    expect(queues.map(({ name }) => name)).not.toContain("list-unfinished");
    expect(broken).toEqual([{ name: "list-unfinished", why: expect.stringContaining("no settings") }]);
    expect((await put("list-unfinished", {})).status).toBe(201);
  });
});
