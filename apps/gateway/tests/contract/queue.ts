import { beforeEach, describe, expect, it } from "vitest";
import type { Answer, Client } from "../harness/client.ts";
import type { Installation } from "../harness/installation.ts";
import { expectProblem } from "../harness/problem.ts";
import { unique } from "../harness/values.ts";

export function queue({ anyone, plain, other, staff }: Installation): void {
  const push = (message: unknown, by: Client = plain) => by.post("/queue/push", message);
  const pop = () => plain.post("/queue/pop");

  it("GET /queue says that it runs, to anybody", async () => {
    const answer = await anyone.get("/queue");
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });

  it("GET /queue/health tells Redis's latency, GET /queue/info is for staff", async () => {
    const { checks } = (await anyone.get("/queue/health")).json<{ checks: { redis: { ms: number } } }>();
    expect(checks.redis.ms).toBeGreaterThan(0);
    expectProblem(await anyone.get("/queue/info"), 401);
    expectProblem(await plain.get("/queue/info"), 403);
    const info = await staff.get("/queue/info");
    expect(info.status).toBe(200);
    expect(info.text).toMatch(/redis/i);
    expect(info.text).not.toContain("://");
  });

  it("POST /queue/login gives tokens as /auth/token does", async () => {
    const form = new URLSearchParams({ grant_type: "password", username: plain.username, password: plain.password });
    const answer = await anyone.post("/queue/login", form);
    expect(answer.status, answer.text).toBe(200);
    const tokens = answer.json<{ access_token: string }>();
    expect(tokens).toMatchObject({
      token_type: "Bearer",
      expires_in: expect.any(Number),
      refresh_token: expect.any(String),
    });
    const bearer = anyone.with({ Authorization: `Bearer ${tokens.access_token}` });
    expect((await bearer.get("/queue/count")).status).toBe(200);
    form.set("password", "wrong");
    const wrong = await anyone.post("/queue/login", form);
    expect([wrong.status, wrong.json().error]).toEqual([400, "invalid_grant"]);
  });

  describe("the one queue of push and pop", () => {
    /** What pop gives; an answer that is none, and one that says nothing of a message, is a fault of its own. */
    const popped = async () => {
      const answer = await pop();
      expect(answer.status, answer.text.slice(0, 500)).toBe(200);
      return answer.json<{ id?: string; message: unknown }>();
    };
    beforeEach(async () => {
      // Only the empty queue answers without an id: a message may be null itself.
      while ((await popped()).id !== undefined);
      expect((await plain.get("/queue/count")).json()).toEqual({ count: 0 });
    });

    it("gives messages back first in, first out, removed", async () => {
      const messages = [{ a: [1, { b: "ü😀\u0000" }] }, "text", 0, false, [], ""];
      for (const message of messages) {
        const answer = await push(message);
        expect(answer.status, answer.text).toBe(201);
        expect(answer.json()).toEqual({ status: "ok", id: expect.any(String) });
      }
      expect((await plain.get("/queue/count")).json()).toEqual({ count: messages.length });
      for (const message of messages) {
        const answer = await pop();
        expect(answer.status).toBe(200);
        expect(answer.json()).toEqual({ status: "ok", id: expect.any(String), message });
      }
      expect((await plain.get("/queue/count")).json()).toEqual({ count: 0 });
    });

    it("answers a null message when it is empty", async () => {
      const answer = await pop();
      expect(answer.status).toBe(200);
      expect(answer.json()).toEqual({ status: "ok", message: null, detail: "The queue is empty" });
    });

    it("gives each message to one of many who pop at the same time", async () => {
      const ids = await Promise.all(Array.from({ length: 20 }, (_, i) => push(i).then((answer) => answer.json().id)));
      const popped = await Promise.all(ids.map(pop));
      expect(popped.map((answer) => answer.json().id).sort()).toEqual(ids.sort());
    });

    it("pushes once for the same Idempotency-Key", async () => {
      const once = plain.with({ "Idempotency-Key": unique("key") });
      const first = await push("once", once);
      const again = await push("once", once);
      expect([first.status, again.status]).toEqual([201, 201]);
      expect(again.text).toBe(first.text);
      expectProblem(await push("another", once), 422);
      expect((await plain.get("/queue/count")).json()).toEqual({ count: 1 });
      const sameKey = { "Idempotency-Key": unique("key") };
      const raced = await Promise.all([1, 2, 3, 4].map(() => push("raced", plain.with(sameKey))));
      expect(raced.filter((answer) => ![201, 409].includes(answer.status))).toEqual([]);
      expect((await plain.get("/queue/count")).json()).toEqual({ count: 2 });
    });

    it("takes JSON however deep, and gives it back as it came", async () => {
      const deep = Buffer.from("[".repeat(50_000) + "]".repeat(50_000));
      const pushed = await plain.post("/queue/push", deep, { headers: { "Content-Type": "application/json" } });
      expect(pushed.status, pushed.text).toBe(201);
      const answer = await pop();
      // Told apart first, because the whole of it says nothing in a failure.
      expect(answer.text.slice(0, 100)).toContain(`"id":"${pushed.json().id}"`);
      expect(answer.text.includes(deep.toString())).toBe(true);
    });

    it("takes any JSON and refuses what is none, storing nothing", async () => {
      const headers = { "Content-Type": "application/json" };
      for (const text of ["", "{", "nul", "[1,]", "'a'", "\u0000"]) {
        expectProblem(await plain.post("/queue/push", Buffer.from(text), { headers }), 400);
      }
      expectProblem(
        await plain.post("/queue/push", Buffer.from("x"), { headers: { "Content-Type": "text/plain" } }),
        415,
      );
      expectProblem(await plain.post("/queue/push", "x".repeat(2 * 1024 * 1024)), 413);
      expect((await plain.get("/queue/count")).json()).toEqual({ count: 0 });
    });
  });

  describe("named queues", () => {
    let name: string;
    const path = (rest = "") => `/queue/queues/${name}${rest}`;
    const send = (...messages: unknown[]) => plain.post(path("/messages"), { messages });
    const receive = (options: object = {}) => plain.post(path("/receive"), { max: 10, waitSeconds: 0, ...options });

    interface Received {
      id: string;
      receipt: string;
      receives: number;
      message: unknown;
    }
    const messagesOf = (answer: Answer) => {
      expect(answer.status, answer.text).toBe(200);
      return answer.json<{ messages: Received[] }>().messages;
    };

    beforeEach(async () => {
      name = unique("orders");
      const made = await staff.put(path(), { visibilitySeconds: 30 });
      expect(made.status, made.text).toBeLessThan(300);
    });

    it("of staff are changed and removed by staff, and listed to everybody with an account", async () => {
      expectProblem(await plain.put(path(), {}), 403);
      expectProblem(await plain.put(path("/access"), {}), 403);
      expectProblem(await plain.delete(path()), 403);
      expectProblem(await plain.post(path("/purge")), 403);
      expectProblem(await anyone.get("/queue/queues"), 401);
      expectProblem(await anyone.put("/queue/queues/mine", {}), 401);
      expect((await plain.get("/queue/queues")).text).toContain(name);
      expect((await staff.delete(path())).status).toBe(204);
      expectProblem(await staff.delete(path()), 404);
      expectProblem(await send({ body: 1 }), 404);
      expectProblem(await receive(), 404);
    });

    it("of an account are private until it shares them", async () => {
      name = unique("mine");
      const made = await plain.put(path(), {});
      expect([made.status, made.json()]).toMatchObject([201, { owner: plain.id, access: { send: [], receive: [] } }]);
      const strangers = async () => [
        (await other.put(path(), {})).status,
        (await other.get(path())).status,
        (await other.get(path("/access"))).status,
        (await other.put(path("/access"), { receive: ["everyone"] })).status,
        (await other.get(path("/messages"))).status,
        (await other.post(path("/receive"), {})).status,
        (await other.post(path("/purge"))).status,
        (await other.post(path("/redrive"))).status,
        (await other.delete(path())).status,
        (await other.post(path("/messages"), { body: 1 })).status,
      ];
      expect(await strangers()).toEqual(Array(10).fill(403));
      expect((await other.get("/queue/queues", { limit: 100 })).text).not.toContain(name);
      expect((await plain.put(path("/access"), { send: [other.id] })).status).toBe(200);
      // Whoever has any right may look at the settings and at the rights.
      expect(await strangers()).toEqual([403, 200, 200, 403, 403, 403, 403, 403, 403, 201]);
      expect(messagesOf(await receive())).toMatchObject([{ body: 1, sender: other.id }]);
      expect((await staff.get(path())).status).toBe(200);
      expect((await plain.delete(path())).status).toBe(204);
    });

    it("answer a HEAD of their stream at once, and lease nothing to it", async () => {
      await send({ body: "kept" });
      const head = await plain.send("HEAD", path("/stream"));
      expect([head.status, head.headers["content-type"], head.text]).toEqual([200, "text/event-stream", ""]);
      expect((await plain.send("HEAD", "/queue/queues/no-such-queue/stream")).status).toBe(404);
      expect(messagesOf(await receive())).toMatchObject([{ body: "kept", receives: 1 }]);
    });

    it("refuse settings and names that cannot be", async () => {
      expectProblem(await staff.put(path(), { visibilitySeconds: -1 }), 422, "visibilitySeconds");
      expectProblem(await staff.put(path(), { visibilitySeconds: "1" }), 422, "visibilitySeconds");
      const status = (await staff.put("/queue/queues/a%20b%7B%7D*", {})).status;
      expect([400, 404]).toContain(status);
    });

    it("deliver a message to one receiver until it is acked", async () => {
      expect((await send({ body: { total: 9.5 } })).status).toBe(201);
      const [message, ...more] = messagesOf(await receive()) as [Received, ...Received[]];
      expect(more).toEqual([]);
      expect(message).toMatchObject({ body: { total: 9.5 }, receives: 1, receipt: expect.any(String) });
      expect(messagesOf(await receive())).toEqual([]);
      const acked = await plain.post(path("/ack"), { receipts: [message.receipt] });
      expect(acked.status, acked.text).toBeLessThan(300);
    });

    it("are emptied by staff, of what waits and of what was received", async () => {
      await send({ body: 1 }, { body: 2 });
      const [held] = messagesOf(await receive({ max: 1 }));
      const purged = await staff.post(path("/purge"));
      expect([purged.status, purged.text]).toEqual([204, ""]);
      expect(messagesOf(await receive())).toEqual([]);
      await plain.post(path("/nack"), { receipts: [held?.receipt] });
      expect(messagesOf(await receive())).toEqual([]);
    });

    it("bring back a message that was not acked in time", async () => {
      await send({ body: "again" });
      const [first] = messagesOf(await receive({ visibilitySeconds: 1 }));
      const [second] = messagesOf(await receive({ waitSeconds: 10 }));
      expect(second).toMatchObject({ id: first?.id, receives: 2 });
      expect(second?.receipt).not.toBe(first?.receipt);
    });

    it("give a message back at once, hold it longer, and put it aside after too many receives", async () => {
      await staff.put(`/queue/queues/${name}-dead`, {});
      await staff.put(path(), { visibilitySeconds: 30, maxReceives: 2, deadLetterQueue: `${name}-dead` });
      await send({ body: "poison" });
      for (const receives of [1, 2]) {
        const [message] = messagesOf(await receive());
        expect(message).toMatchObject({ body: "poison", receives });
        const receipts = [message?.receipt];
        expect((await plain.post(path("/extend"), { receipts, visibilitySeconds: 60 })).status).toBe(200);
        expect((await plain.post(path("/nack"), { receipts })).status).toBe(200);
      }
      expect(messagesOf(await receive())).toEqual([]);
      const dead = await plain.post(`/queue/queues/${name}-dead/redrive`);
      expect([dead.status, dead.json()]).toEqual([200, { moved: 1 }]);
      expect(messagesOf(await receive())).toMatchObject([{ body: "poison" }]);
    });

    it("send once for the same Idempotency-Key", async () => {
      const once = plain.with({ "Idempotency-Key": unique("key") });
      const first = await once.post(path("/messages"), { body: "once" });
      const again = await once.post(path("/messages"), { body: "once" });
      expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
      expectProblem(await once.post(path("/messages"), { body: "other" }), 422);
      expect(messagesOf(await receive())).toHaveLength(1);
    });

    it("wait for a message that comes later", async () => {
      const waiting = receive({ waitSeconds: 10 });
      await send({ body: "late" });
      expect(messagesOf(await waiting)).toMatchObject([{ body: "late" }]);
    });

    it("take up to 100 messages at once and refuse a forged receipt", async () => {
      const hundred = Array.from({ length: 100 }, (_, i) => ({ body: i }));
      expect((await send(...hundred)).status).toBe(201);
      expectProblem(await send(...hundred, { body: 100 }), 422, "messages");
      expectProblem(await send(), 422, "messages");
      expectProblem(await plain.post(path("/messages"), { body: 1, unknown: 1 }), 422, "unknown");
      expectProblem(await send({ body: 1, unknown: 1 }), 422, "messages.0.unknown");
      expect(messagesOf(await receive())).toHaveLength(10);
      const forged = await plain.post(path("/ack"), { receipts: ["' OR 1=1"] });
      expect(forged.status).toBeLessThan(500);
    });
  });
}
