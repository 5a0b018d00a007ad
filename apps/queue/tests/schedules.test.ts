import { expectProblem, until } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { scheduleKeys } from "../src/keys.ts";
import { type OpenQueue, openQueue } from "./open-queue.ts";

let open: OpenQueue;
/** A second process with the same store, as far as a process is its own dependencies. */
let other: OpenQueue;
beforeAll(async () => {
  open = await openQueue();
  other = await openQueue({ prefix: open.prefix, people: open.people });
  open.deps.leader.start();
  other.deps.leader.start();
});
afterAll(async () => {
  await other[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
});

let made = 0;
const put = async (fields: object, name = `s${++made}`) => {
  const response = await open.request("PUT", `/queue/schedules/${name}`, { body: { cron: "0 0 1 1 *", ...fields } });
  return { name, path: `/queue/schedules/${name}`, response };
};
const shown = async (path: string) => (await open.request("GET", path)).json<Record<string, string | null>>();
/** Makes a schedule due, as if it had been due at this time. */
const makeDue = (name: string, at: number) => open.redis.zadd(scheduleKeys.times, at, name);
const minuteAgo = () => Math.floor(Date.now() / 60_000) * 60_000 - 60_000;

it.concurrent("a schedule sends its message once for each time, whichever process leads", async () => {
  const queue = await open.makeQueue();
  const fields = { body: { n: 1 }, priority: 7, attributes: { from: "cron" }, cron: "* * * * *" };
  const { name, path, response } = await put({ queue: queue.name, ...fields });
  expect([response.status, response.headers.get("location")]).toEqual([201, path]);
  expect(response.json()).toMatchObject({
    name,
    cron: "* * * * *",
    timeZone: "UTC",
    queue: queue.name,
    body: { n: 1 },
    priority: 7,
    attributes: { from: { type: "String", value: "cron" } },
    lastFireAt: null,
    lastError: null,
    owner: open.people.plain.account.id,
  });
  const due = minuteAgo();
  await makeDue(name, due);
  const after = await until(async () => {
    const now = await shown(path);
    return now.lastFireAt !== null && now;
  });
  expect(after.lastFireAt).toBe(new Date(due).toISOString());
  expect(Date.parse(after.nextFireAt ?? "")).toBeGreaterThan(Date.now());
  // Again for the same time, as by a process that was killed before it could note that it had sent the message, and that long ago
  // that the deduplication has forgotten it.
  await open.redis.unlink(queue.key("dedupe-times"), queue.key("dedupe-ids"));
  await makeDue(name, due);
  await until(async () => Date.parse((await shown(path)).nextFireAt ?? "") > Date.now());
  expect(await queue.receive()).toMatchObject([
    { body: { n: 1 }, priority: 7, attributes: { from: { type: "String", value: "cron" } } },
  ]);
});

it("a body is kept as it was sent", async () => {
  const queue = await open.makeQueue();
  const body = `{"cron":"@daily","queue":"${queue.name}","body":{"b":1e400,"a":[ 1 ]}}`;
  const response = await open.request("PUT", "/queue/schedules/raw", { body });
  expect(response.text).toContain('"body":{"b":1e400,"a":[ 1 ]}');
});

it.concurrent("what could not be sent is shown, tried again, and sent once when it is possible", async () => {
  const { name, path } = await put({ queue: "comes-later", body: "late", cron: "*/5 * * * *" });
  const due = minuteAgo();
  await makeDue(name, due);
  const failed = await until(async () => {
    const now = await shown(path);
    return now.lastError !== null && now;
  });
  expect(failed).toMatchObject({ lastError: "Queue comes-later not found.", lastFireAt: null });
  await open.request("PUT", "/queue/queues/comes-later", { as: open.people.staff, body: {} });
  await makeDue(name, Date.now() - 1);
  const after = await until(async () => {
    const now = await shown(path);
    return now.lastFireAt !== null && now;
  });
  expect(after).toMatchObject({ lastFireAt: new Date(due).toISOString(), lastError: null });
  const received = await open.request("POST", "/queue/queues/comes-later/receive", { body: { max: 10 } });
  expect(received.json<{ messages: object[] }>().messages).toMatchObject([{ body: "late" }]);
});

it("times follow the Redis clock: a process clock that is a year ahead changes none", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 365 * 86_400_000 });
  try {
    const { response } = await put({ queue: "q", body: 1, cron: "* * * * *" });
    const next = Date.parse(response.json<{ nextFireAt: string }>().nextFireAt);
    vi.useRealTimers();
    expect(next - Date.now()).toBeLessThanOrEqual(60_000);
  } finally {
    vi.useRealTimers();
  }
});

it("replacing a schedule keeps the time that is due, unless its timing changes", async () => {
  const queue = await open.makeQueue();
  const { name, path } = await put({ queue: queue.name, body: 1, cron: "0 0 1 1 *" });
  const far = Date.UTC(2100, 0);
  await makeDue(name, far);
  expect((await put({ queue: queue.name, body: 2, cron: "0 0 1 1 *" }, name)).response.status).toBe(200);
  expect((await shown(path)).nextFireAt).toBe(new Date(far).toISOString());
  await put({ queue: queue.name, body: 2, cron: "0 0 2 1 *" }, name);
  expect((await shown(path)).nextFireAt).not.toBe(new Date(far).toISOString());
});

it.each([
  [{ cron: "* * * *" }, "cron"],
  [{ cron: "* * * * * *" }, "cron"],
  [{ cron: "61 * * * *" }, "cron"],
  [{ cron: "2030-01-01T00:00:00" }, "cron"],
  [{ cron: "@reboot" }, "cron"],
  [{ cron: "0 0 30 2 *" }, "cron"],
  [{ cron: 5 }, "cron"],
  [{ timeZone: "Mars/Olympus" }, "timeZone"],
  [{ queue: "a b" }, "queue"],
  [{ body: undefined }, "body"],
  [{ dedupeId: "x" }, "dedupeId"],
  [{ sendAt: "2030-01-01T00:00:00Z" }, "sendAt"],
  [{ priority: 10 }, "priority"],
])("rejects %j and names the field", async (fields, path) => {
  expectProblem((await put({ queue: "q", body: 1, ...fields })).response, 422, path);
});

it("a schedule belongs to its account; staff sees and deletes all", async () => {
  const { name, path } = await put({ queue: "q", body: 1 });
  const { staff } = open.people;
  const stranger = open.people.other;
  for (const method of ["GET", "DELETE"]) expectProblem(await open.request(method, path, { as: stranger }), 403);
  expectProblem(await open.request("PUT", path, { as: stranger, body: { cron: "@daily", queue: "q", body: 1 } }), 403);
  const names = async (as = open.people.plain) =>
    (await open.request("GET", "/queue/schedules?limit=100", { as }))
      .json<{ schedules: { name: string }[] }>()
      .schedules.map((one) => one.name);
  expect(await names(stranger)).toEqual([]);
  expect(await names()).toContain(name);
  expect(await names(staff)).toContain(name);
  expect((await open.request("DELETE", path, { as: staff })).status).toBe(204);
  expectProblem(await open.request("DELETE", path, { as: staff }), 404);
  expect(await names()).not.toContain(name);
});

it("an account has a limited number of schedules, listed by pages", async () => {
  const many = open.people.other;
  const body = { cron: "@daily", queue: "q", body: 1 };
  const create = (i: number) =>
    open.request("PUT", `/queue/schedules/many-${String(i).padStart(3, "0")}`, { as: many, body });
  await Promise.all(Array.from({ length: 100 }, (_, i) => create(i)));
  expectProblem(await create(100), 429);
  expect((await create(99)).status).toBe(200);
  const seen: string[] = [];
  let cursor = "";
  do {
    const query = cursor === "" ? "" : `&cursor=${cursor}`;
    const page = (await open.request("GET", `/queue/schedules?limit=40${query}`, { as: many })).json<{
      schedules: { name: string }[];
      nextCursor: string | null;
    }>();
    seen.push(...page.schedules.map((one) => one.name));
    cursor = page.nextCursor ?? "";
  } while (cursor !== "");
  expect(seen).toHaveLength(100);
  expect(seen).toEqual(seen.toSorted());
});
