import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expectProblem, until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { system } from "../src/commands/caller.ts";
import { loadCommands } from "../src/commands/load.ts";
import { transferCommands } from "../src/commands/transfer-commands.ts";
import { type NamedQueue, type OpenQueue, openQueue } from "./open-queue.ts";

const program = fileURLToPath(new URL("redrive-process.ts", import.meta.url));

let open: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
});
afterAll(() => open[Symbol.asyncDispose]());

interface Redrive {
  id: string;
  state: string;
  to: string | null;
  progress: { moved: number; of: number };
  startedAt: string;
  endedAt: string | null;
  result: { moved: number } | null;
  error: string | null;
}

const numbers = (count: number) => Array.from({ length: count }, (_, body) => body);
const bodies = (messages: { body: unknown }[]) => messages.map(({ body }) => body);
const sorted = (messages: { body: unknown }[]) => (bodies(messages) as number[]).sort((a, b) => a - b);

/** Receives and nacks messages until none is left. */
const exhaust = async (queue: NamedQueue) => {
  for (let found = await queue.receive(); found.length > 0; found = await queue.receive()) {
    await queue.settle(
      "nack",
      found.map(({ receipt }) => receipt),
      { delaySeconds: 0 },
    );
  }
};

/** A queue, and its dead-letter queue with these dead letters. */
const pair = async (letters: unknown[]): Promise<[NamedQueue, NamedQueue]> => {
  const dead = await open.makeQueue();
  const queue = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
  for (let at = 0; at < letters.length; at += 100) {
    await queue.send(...letters.slice(at, at + 100).map((body) => ({ body })));
  }
  await exhaust(queue);
  await until(async () => (await dead.counts()).ready === letters.length);
  return [queue, dead];
};

/** A queue without a dead-letter queue, with these dead messages of its own. */
const withDead = async (letters: unknown[], settings: object = {}): Promise<NamedQueue> => {
  const queue = await open.makeQueue({ maxReceives: 1, ...settings });
  await queue.send(...letters.map((body) => ({ body })));
  await exhaust(queue);
  expect(await queue.counts()).toMatchObject({ dead: letters.length, length: letters.length });
  return queue;
};

const redrive = (queue: NamedQueue, body?: object) => open.request("POST", `${queue.path}/redrive`, { body });
const moved = async (queue: NamedQueue, body?: object) => {
  const response = await redrive(queue, body);
  expect(response.status, response.text).toBe(200);
  return response.json<{ moved: number }>().moved;
};
const start = async (queue: NamedQueue, body: object) => {
  const response = await redrive(queue, body);
  expect(response.status, response.text).toBe(202);
  const task = response.json<Redrive>();
  expect(response.headers.get("location")).toBe(`${queue.path}/redrives/${task.id}`);
  return task;
};
const look = async (queue: NamedQueue, id: string) =>
  (await open.request("GET", `${queue.path}/redrives/${id}`)).json<Redrive>();
const ended = (queue: NamedQueue, id: string) =>
  until(async () => {
    const task = await look(queue, id);
    return task.state === "running" ? undefined : task;
  });

describe("a redrive", () => {
  it("moves only the messages with some ids, in whatever state but leased", async () => {
    const [queue, dead] = await pair([1, 2, 3, 4]);
    const [own] = await dead.send({ body: "own" });
    const [leased, delayed, ready] = await dead.receive({ max: 3 });
    await dead.settle("nack", [delayed?.receipt ?? ""], { delaySeconds: 900 });
    await dead.settle("nack", [ready?.receipt ?? ""], { delaySeconds: 0 });
    const ids = [leased?.id, delayed?.id, ready?.id, own, "nothing"];
    expect(await moved(dead, { ids: [...ids, ready?.id] })).toBe(2);
    expect(sorted(await queue.receive())).toEqual([2, 3]);
    expect(bodies(await dead.receive())).toEqual([4, "own"]);
  });

  it("moves at most so many messages", async () => {
    const [queue, dead] = await pair(numbers(120));
    expect(await moved(dead, { max: 70 })).toBe(70);
    expect(await queue.counts()).toMatchObject({ ready: 70 });
    expect(await moved(dead, { max: 1000 })).toBe(50);
    expect(sorted([...(await queue.receive()), ...(await queue.receive())])).toEqual(numbers(120));
  });

  it("moves the messages to another queue, where they are no dead letters", async () => {
    const [queue, dead] = await pair([1, 2]);
    await dead.send({ body: "own", groupId: "g" }, { body: "behind", groupId: "g" });
    const elsewhere = await open.makeQueue();
    expect(await moved(dead, { to: elsewhere.name })).toBe(4);
    const found = await elsewhere.receive();
    expect(found).toMatchObject([1, 2, "own"].map((body) => ({ body, receives: 1, deadLetterOf: null })));
    expect([(await queue.counts()).length, (await dead.counts()).length]).toEqual([0, 0]);
    await elsewhere.settle(
      "nack",
      found.map(({ receipt }) => receipt),
      { delaySeconds: 0 },
    );
    expect(await moved(elsewhere)).toBe(0);
  });

  it("leaves messages that were sent to a queue that is no dead-letter queue", async () => {
    const queue = await withDead([1]);
    await queue.send({ body: "own" });
    const elsewhere = await open.makeQueue();
    expect(await moved(queue, { to: elsewhere.name })).toBe(1);
    expect(bodies(await queue.receive())).toEqual(["own"]);
    expect(await elsewhere.receive()).toMatchObject([{ body: 1, deadLetterOf: null }]);
  });

  it("makes dead messages of the queue itself ready again, once", async () => {
    const queue = await withDead(numbers(100));
    expect(await moved(queue, { max: 30 })).toBe(30);
    expect(await queue.counts()).toMatchObject({ ready: 30, dead: 70, length: 100 });
    expect(await moved(queue)).toBe(70);
    const found = await queue.receive();
    expect(sorted(found)).toEqual(numbers(100));
    expect(found).toMatchObject(found.map(() => ({ receives: 1, deadLetterOf: null })));
  });

  it("returns a dead letter that died again in the dead-letter queue to where it came from, or leaves it here", async () => {
    const [queue, dead] = await pair(numbers(3));
    await open.request("PUT", dead.path, { as: open.people.staff, body: { maxReceives: 1 } });
    await exhaust(dead);
    expect(await dead.counts()).toMatchObject({ dead: 3, length: 3 });
    expect(await moved(dead, { max: 2 })).toBe(2);
    expect(await queue.counts()).toMatchObject({ ready: 2 });
    await open.request("DELETE", queue.path, { as: open.people.staff });
    expect(await moved(dead)).toBe(1);
    expect(await dead.counts()).toMatchObject({ ready: 1, dead: 0, length: 1 });
  });

  it("returns a message as it was when its destination has been deleted meanwhile", async () => {
    const [queue, dead] = await pair([1]);
    const elsewhere = await open.makeQueue();
    // The process that moves it dies before it delivers it.
    const { commands } = open.deps;
    const known = new Map([[elsewhere.name, true]]);
    const steps = transferCommands(loadCommands(open.redis), `${open.prefix}queue:`, open.deps.allowances);
    const options = { caller: system, redrive: "", max: 9, to: elsewhere.name, all: false, ids: [], known };
    expect(await steps.redrive(dead.name, options)).toMatchObject({ moved: 1 });
    await commands.delete(elsewhere.name);
    await until(async () => (await dead.counts()).ready === 1);
    expect(await moved(dead)).toBe(1);
    expect(await queue.receive()).toMatchObject([{ body: 1, deadLetterOf: null }]);
  });

  it("moves nothing to a queue that the caller may not send to, also as a task that is running", async () => {
    const [, dead] = await pair(numbers(20));
    const closed = await open.makeQueue();
    const close = () =>
      open.request("PUT", `${closed.path}/access`, {
        as: open.people.staff,
        body: { send: [], receive: [], manage: [] },
      });
    const { id } = await start(dead, { to: closed.name, perSecond: 10 });
    await until(async () => (await look(dead, id)).progress.moved > 0);
    expect((await close()).status).toBe(200);
    const { state, error, result } = await ended(dead, id);
    expect([state, error]).toEqual(["failed", expect.stringContaining(closed.name)]);
    for (const body of [{ to: closed.name }, { to: closed.name, perSecond: 1 }]) {
      expectProblem(await redrive(dead, body), 403);
    }
    expect(result?.moved).toBeLessThan(20);
    expect((await dead.counts()).length).toBe(20 - (result?.moved ?? 0));
  });

  it("rejects invalid fields and destinations", async () => {
    const [queue, dead] = await pair([1]);
    const fifo = await open.request("PUT", "/queue/queues/elsewhere.fifo", { as: open.people.staff, body: {} });
    expect(fifo.status).toBe(201);
    for (const [body, path] of [
      [{ to: "none" }, "to"],
      [{ to: dead.name }, "to"],
      [{ to: "elsewhere.fifo" }, "to"],
      [{ to: "a b" }, "to"],
      [{ ids: [] }, "ids"],
      [{ ids: numbers(101).map(String) }, "ids"],
      [{ max: 0 }, "max"],
      [{ perSecond: 0 }, "perSecond"],
      [{ perSecond: 1.5 }, "perSecond"],
    ] as const) {
      expectProblem(await redrive(dead, body), 422, path);
    }
    expect((await queue.counts()).length).toBe(0);
    expectProblem(await open.request("POST", "/queue/queues/none/redrive", { body: { to: queue.name } }), 404);
    expectProblem(await open.request("POST", "/queue/queues/none/redrive", { body: { perSecond: 1 } }), 404);
  });
});

describe("a redrive as a task", () => {
  it("shows its progress, is the only one of its queue, and keeps its rate", async () => {
    const [queue, dead] = await pair(numbers(60));
    const task = await start(dead, { perSecond: 50, max: 50 });
    expect(task).toMatchObject({ state: "running", progress: { moved: 0, of: 50 }, result: null, endedAt: null });
    const second = await redrive(dead, { perSecond: 1 });
    expectProblem(second, 409);
    expect(second.text).toContain(task.id);
    await until(async () => {
      const { moved } = (await look(dead, task.id)).progress;
      return moved > 0 && moved < 50;
    });
    const done = await ended(dead, task.id);
    expect(done).toMatchObject({
      state: "completed",
      progress: { moved: 50, of: 50 },
      result: { moved: 50 },
      error: null,
    });
    expect(Date.parse(done.endedAt ?? "") - Date.parse(done.startedAt)).toBeGreaterThanOrEqual(49 * 20);
    expect((await queue.counts()).ready).toBe(50);

    // Another one, without a limit.
    const next = await start(dead, { perSecond: 10_000 });
    expect(await ended(dead, next.id)).toMatchObject({ state: "completed", result: { moved: 10 } });
    expect(sorted(await queue.receive())).toEqual(numbers(60));
    const list = await open.request("GET", `${dead.path}/redrives?limit=1`);
    const { redrives, nextCursor } = list.json<{ redrives: Redrive[]; nextCursor: string }>();
    expect(redrives.map(({ id }) => id)).toEqual([next.id]);
    const rest = await open.request("GET", `${dead.path}/redrives?limit=1&cursor=${nextCursor}`);
    expect(rest.json()).toMatchObject({ redrives: [{ id: task.id }], nextCursor: null });
    expectProblem(await open.request("GET", `${queue.path}/redrives?cursor=${nextCursor}`), 400, "cursor");
    expectProblem(await open.request("GET", `${queue.path}/redrives/${task.id}`), 404);
  });

  it("can be cancelled; what it has moved stays", async () => {
    const [queue, dead] = await pair(numbers(40));
    const { id } = await start(dead, { perSecond: 20 });
    await until(async () => (await look(dead, id)).progress.moved > 0);
    const cancel = () => open.request("DELETE", `${dead.path}/redrives/${id}`);
    expect((await cancel()).status).toBe(204);
    const { state, result } = await look(dead, id);
    expect([state, (await cancel()).status]).toEqual(["cancelled", 204]);
    await until(async () => (await queue.counts()).ready === result?.moved);
    expect((await dead.counts()).length).toBe(40 - (result?.moved ?? 0));
    const next = await start(dead, { perSecond: 10_000 });
    await ended(dead, next.id);
    expectProblem(await open.request("DELETE", `${dead.path}/redrives/${next.id}`), 409);
    expectProblem(await open.request("DELETE", `${dead.path}/redrives/none`), 404);
    expect(sorted(await queue.receive())).toEqual(numbers(40));
  });

  it("moves a message once that becomes a dead letter again meanwhile", async () => {
    const queue = await withDead(numbers(20));
    const { id } = await start(queue, { perSecond: 40 });
    const task = until(async () => {
      await exhaust(queue);
      const seen = await look(queue, id);
      return seen.state === "running" ? undefined : seen;
    });
    expect(await task).toMatchObject({ state: "completed", result: { moved: 20 } });
  });

  it("fails when its destination is deleted", async () => {
    const [, dead] = await pair(numbers(40));
    const elsewhere = await open.makeQueue();
    const { id } = await start(dead, { to: elsewhere.name, perSecond: 20 });
    await until(async () => (await look(dead, id)).progress.moved > 0);
    expect((await open.request("DELETE", elsewhere.path, { as: open.people.staff })).status).toBe(204);
    expect(await ended(dead, id)).toMatchObject({ state: "failed", error: expect.stringContaining(elsewhere.name) });
  });

  it("goes on in another process when its own is killed, moves nothing twice and loses nothing", async () => {
    const count = 60;
    const [queue, dead] = await pair(numbers(count));
    const rate = 40;
    const env = { ...process.env, REDIS_URL: inject("redisUrl"), REDIS_PREFIX: open.prefix };
    const child = spawn(process.execPath, [program, dead.name, String(rate)], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [id] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    await until(async () => (await look(dead, id)).progress.moved > 10);
    child.kill("SIGKILL");
    await once(child, "close");
    // The sweep of this process takes it over.
    const done = await ended(dead, id);
    expect(done).toMatchObject({ state: "completed", progress: { moved: count, of: count } });
    const seconds = (Date.parse(done.endedAt ?? "") - Date.parse(done.startedAt)) / 1000;
    expect(count / seconds).toBeLessThanOrEqual(rate * 1.05);
    expect((await dead.counts()).length).toBe(0);
    const found = [];
    while (found.length < count) found.push(...(await queue.receive({ waitSeconds: 1 })));
    expect(sorted(found)).toEqual(numbers(count));
    expect((await queue.counts()).length).toBe(count);
  });

  it("ends with its queue", async () => {
    const [queue, dead] = await pair(numbers(3));
    await start(dead, { perSecond: 1 });
    for (const { path } of [queue, dead]) {
      expect((await open.request("DELETE", path, { as: open.people.staff })).status).toBe(204);
    }
    expect(await open.redis.exists(dead.key("redrives"))).toBe(0);
    expectProblem(await open.request("GET", `${dead.path}/redrives`), 404);
  });
});
