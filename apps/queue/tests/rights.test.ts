import { randomBytes, randomUUID } from "node:crypto";
import { expectProblem, type TestResponse } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callerOf, type Right } from "../src/commands/caller.ts";
import { putAccess, type QueueAccess } from "../src/queues/access.ts";
import { putQueue } from "../src/queues/queues.ts";
import { settingsInputSchema, withDefaults } from "../src/queues/settings.ts";
import { expectConserved, type OpenQueue, openQueue } from "./open-queue.ts";

const settings = { QUEUE_ACCOUNT_MAX_QUEUES: "1000" };
let open: OpenQueue;
let second: OpenQueue;
beforeAll(async () => {
  open = await openQueue({ settings });
  // Another process on the same queues.
  second = await openQueue({ prefix: open.prefix, people: open.people, settings });
});
afterAll(async () => {
  await second[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
});

type Who = "owner" | "other" | "staff" | "narrowed" | Exclude<Right, "read">;

/** Each operation on a queue, the right that it needs, its scope, and its body. */
const operations: Record<string, [right: Right, scope: string, body?: unknown]> = {
  "PUT /queue/queues/{name}": ["manage", "manage", {}],
  "GET /queue/queues/{name}": ["read", "read"],
  "DELETE /queue/queues/{name}": ["manage", "manage"],
  "GET /queue/queues/{name}/access": ["read", "read"],
  "PUT /queue/queues/{name}/access": ["manage", "manage", { send: [] }],
  "POST /queue/queues/{name}/purge": ["manage", "manage"],
  "POST /queue/queues/{name}/redrive": ["receive", "manage"],
  "GET /queue/queues/{name}/rates": ["read", "read"],
  "GET /queue/queues/{name}/messages": ["receive", "receive"],
  "GET /queue/queues/{name}/messages/{id}": ["receive", "receive"],
  "DELETE /queue/queues/{name}/messages/{id}": ["receive", "receive"],
  "PATCH /queue/queues/{name}/messages/{id}": ["receive", "receive", { delaySeconds: 1 }],
  "POST /queue/queues/{name}/messages": ["send", "send", { body: 1 }],
  "POST /queue/queues/{name}/receive": ["receive", "receive", {}],
  "POST /queue/queues/{name}/ack": ["receive", "receive", { receipts: ["x"] }],
  "POST /queue/queues/{name}/nack": ["receive", "receive", { receipts: ["x"] }],
  "POST /queue/queues/{name}/extend": ["receive", "receive", { receipts: ["x"], visibilitySeconds: 1 }],
  "GET /queue/queues/{name}/subscriptions": ["read", "receive"],
  "PUT /queue/queues/{name}/subscriptions/{id}": ["receive", "receive", { url: "https://example.com/" }],
  "GET /queue/queues/{name}/subscriptions/{id}": ["read", "receive"],
  "DELETE /queue/queues/{name}/subscriptions/{id}": ["read", "receive"],
  "GET /queue/queues/{name}/redrives": ["read", "read"],
  "GET /queue/queues/{name}/redrives/{id}": ["read", "read"],
  "DELETE /queue/queues/{name}/redrives/{id}": ["receive", "manage"],
  // Pages with forms.
  "GET /queue/queues/{name}/messages/{id}/body": ["receive", "receive"],
  "GET /queue/queues/{name}/actions/access": ["read", "manage"],
  "POST /queue/queues/{name}/actions/access": ["manage", "manage", new URLSearchParams({ send: "everyone" })],
  "GET /queue/queues/{name}/actions/settings": ["read", "manage"],
  "POST /queue/queues/{name}/actions/settings": ["manage", "manage", new URLSearchParams({ visibilitySeconds: "30" })],
  "POST /queue/queues/{name}/actions/send": ["send", "send", new URLSearchParams({ body: "1" })],
  "GET /queue/queues/{name}/actions/redrive": ["read", "manage"],
  "POST /queue/queues/{name}/actions/redrive": ["receive", "manage", new URLSearchParams()],
  "GET /queue/queues/{name}/actions/purge": ["read", "manage"],
  "POST /queue/queues/{name}/actions/purge": ["manage", "manage", new URLSearchParams()],
  "GET /queue/queues/{name}/actions/delete": ["read", "manage"],
  "POST /queue/queues/{name}/actions/delete": ["manage", "manage", new URLSearchParams()],
  "POST /queue/queues/{name}/actions/new-webhook": [
    "receive",
    "receive",
    new URLSearchParams({ id: "hook", url: "https://example.com/" }),
  ],
  "POST /queue/queues/{name}/subscriptions/{id}/delete": ["read", "receive", new URLSearchParams()],
  "POST /queue/queues/{name}/redrives/{id}/cancel": ["receive", "manage", new URLSearchParams()],
  "POST /queue/queues/{name}/messages/{id}/actions/redrive": ["receive", "manage", new URLSearchParams()],
  "POST /queue/queues/{name}/messages/{id}/actions/cancel": ["receive", "receive", new URLSearchParams()],
  "POST /queue/queues/{name}/messages/{id}/actions/postpone": [
    "receive",
    "receive",
    new URLSearchParams({ delaySeconds: "1" }),
  ],
};

/** Operations on no named queue, or on those that the caller may read; schedules send in the name of their owner. */
const elsewhere = [
  "GET /queue/queues/{name}/stream", // Tried in streams.test.ts, because it does not end.
  "POST /queue/access-keys",
  "GET /queue/access-keys",
  "DELETE /queue/access-keys/{id}",
  "GET /queue/sqs", // Each action is tried in sqs-rights.test.ts.
  "POST /queue/sqs",
  "GET /queue/sqs/{account}/{queue}",
  "POST /queue/sqs/{account}/{queue}",
  // Forms that show nothing of the queue.
  "GET /queue/queues/{name}/actions/send",
  "GET /queue/queues/{name}/messages/{id}/actions/cancel",
  "GET /queue/queues/{name}/messages/{id}/actions/postpone",
  "GET /queue/queues/{name}/redrives/{id}/cancel",
  "GET /queue/queues/{name}/messages/{id}/actions/redrive",
  "GET /queue/queues/{name}/actions/new-webhook",
  "GET /queue/queues/{name}/subscriptions/{id}/delete",
  "GET /queue/new-queue",
  "POST /queue/new-queue",
  "GET /queue/new-access-key",
  "POST /queue/new-access-key",
  "GET /queue/queues/{name}/actions/owner",
  "POST /queue/queues/{name}/actions/owner",
  "GET /queue/access-keys/{id}/delete",
  "POST /queue/access-keys/{id}/delete",
  "GET /queue/new-schedule",
  "POST /queue/new-schedule",
  "GET /queue/schedules/{name}/delete",
  "POST /queue/schedules/{name}/delete",
  "GET /queue/find",
  "GET /queue",
  "GET /queue/count",
  "GET /queue/info",
  "GET /queue/queues",
  "GET /queue/schedules",
  "PUT /queue/schedules/{name}",
  "GET /queue/schedules/{name}",
  "DELETE /queue/schedules/{name}",
  "POST /queue/login",
  "POST /queue/pop",
  "POST /queue/push",
];

/** Expects a problem that names this. */
function expectRefused(response: TestResponse, status: number, named: string): void {
  expect(expectProblem(response, status).detail).toContain(named);
}

const mine = () => callerOf(open.people.plain.account);
let made = 0;

/** Creates a private queue of the account `plain` with these rights for others. */
async function privateQueue(access: Partial<QueueAccess> = {}): Promise<string> {
  const name = `private-${++made}`;
  await putQueue(open.deps, name, withDefaults(settingsInputSchema.parse({})), mine());
  const granted = { send: [], receive: [], manage: [], ...access };
  if (Object.keys(access).length > 0) await putAccess(open.deps, name, granted, mine());
  return name;
}

const narrowedTokens = new Map<string, string>();

/** A token of the account `plain` with all scopes of queues but one. */
async function narrowedToken(without: string): Promise<string> {
  const known = narrowedTokens.get(without);
  if (known) return known;
  const scopes = ["read", "send", "receive", "manage"].filter((one) => one !== without).map((one) => `queue:${one}`);
  const { auth, plain } = open.people;
  const tokens = await auth.passwordGrant(plain.username, plain.password, { scope: scopes.join(" ") });
  const token = `Bearer ${tokens?.access_token}`;
  narrowedTokens.set(without, token);
  return token;
}

it("every operation has a decided right", async () => {
  const document = (await open.request("GET", "/queue/openapi.json")).json<{ paths: Record<string, object> }>();
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const decided = [...Object.keys(operations), ...elsewhere];
  expect(described.filter((one) => !decided.includes(one) && !/health|openapi|docs/.test(one))).toEqual([]);
});

describe.each(Object.entries(operations))("%s", (operation, [right, scope, body]) => {
  const [method = "", path = ""] = operation.split(" ");
  const all = ["owner", "staff", "send", "receive", "manage", "other", "narrowed"] as const;
  const allowed: readonly Who[] =
    right === "read" ? ["owner", "staff", "send", "receive", "manage"] : ["owner", "staff", right];

  it.each(all)(`by %s`, async (who) => {
    const granted = who === "send" || who === "receive" || who === "manage";
    const name = await privateQueue(granted ? { [who]: [open.people.other.account.id] } : {});
    const { plain, other, staff } = open.people;
    const as = who === "owner" || who === "narrowed" ? plain : who === "staff" ? staff : other;
    const isForm = body instanceof URLSearchParams;
    const headers: Record<string, string> = isForm ? { "Content-Type": "application/x-www-form-urlencoded" } : {};
    if (who === "narrowed") {
      headers.Authorization = await narrowedToken(scope);
    }
    const response = await open.request(method, path.replace("{name}", name).replace("{id}", randomUUID()), {
      as,
      body: isForm ? body.toString() : body,
      headers,
    });
    if (allowed.includes(who)) {
      // 404 and 409: there is no such message.
      const fine = [200, 201, 204, 303, ...(path.includes("{id}") ? [404, 409] : [])];
      expect(fine, response.text).toContain(response.status);
    } else if (isForm) expect(response.status, response.text).toBe(403);
    else expectRefused(response, 403, who === "narrowed" ? `queue:${scope}` : name);
  });
});

describe("a new queue", () => {
  const put = (name: string, body: object = {}, as = open.people.plain, by = open) =>
    by.request("PUT", `/queue/queues/${name}`, { as, body });
  const get = (name: string, as = open.people.plain) => open.request("GET", `/queue/queues/${name}`, { as });

  it("of an account is its own and private; one of staff is open to all and managed by staff", async () => {
    const { plain, staff } = open.people;
    expect((await put("mine")).json()).toMatchObject({
      owner: plain.account.id,
      access: { send: [], receive: [], manage: [] },
    });
    expect((await put("ours", {}, staff)).json()).toMatchObject({
      owner: null,
      access: { send: ["everyone"], receive: ["everyone"], manage: ["staff"] },
    });
    for (const verb of ["redrive", "receive"]) {
      const body = verb === "receive" ? {} : undefined;
      expect((await open.request("POST", `/queue/queues/ours/${verb}`, { body })).status).toBe(200);
    }
    expectRefused(await put("ours"), 403, "exists already");
    expectRefused(await open.request("POST", "/queue/queues/ours/purge"), 403, "ours");
    expectRefused(await open.request("DELETE", "/queue/queues/ours"), 403, "ours");
    // Staff changes the settings of another's queue, which stays that account's own.
    expect((await put("mine", { maxLength: 7 }, staff)).json()).toMatchObject({
      owner: plain.account.id,
      maxLength: 7,
      access: { send: [] },
    });
  });

  it("belongs to one of two accounts that create it at once, in two processes", async () => {
    const { plain, other } = open.people;
    for (let i = 0; i < 20; i++) {
      const [one, two] = await Promise.all([put(`race-${i}`, {}, plain), put(`race-${i}`, {}, other, second)]);
      expect([one.status, two.status].sort()).toEqual([201, 403]);
      const winner = one.status === 201 ? plain : other;
      expect((await get(`race-${i}`, winner)).json()).toMatchObject({ owner: winner.account.id });
      expectProblem(await get(`race-${i}`, winner === plain ? other : plain), 403);
    }
  });

  it("never gets what is left of another account's queue of this name", async () => {
    await put("left");
    await open.request("POST", "/queue/queues/left/messages", { body: { body: "secret" } });
    // Its deletion was interrupted after the first step.
    await open.deps.registry.unregister("left", mine());
    const { other } = open.people;
    expectRefused(await put("left", {}, other), 409, "left");
    expectProblem(await open.request("POST", "/queue/queues/left/receive", { as: other, body: {} }), 403);
    expectProblem(await open.request("DELETE", "/queue/queues/left", { as: other }), 403);
    expect((await open.request("DELETE", "/queue/queues/left")).status).toBe(204);
    expect((await put("left", {}, other)).json()).toMatchObject({ owner: other.account.id, counts: { length: 0 } });
  });

  it("has a dead-letter queue that its owner may send to", async () => {
    const closed = await privateQueue();
    const { other, plain } = open.people;
    expectProblem(await put("leaks", { deadLetterQueue: closed }, other), 403, "deadLetterQueue");
    expectProblem(await get("leaks", other), 404);
    await putAccess(open.deps, closed, { send: [other.account.id], receive: [], manage: [] }, mine());
    // Its owner sees no number of dead letters, which are another's.
    expect((await put("leaks", { deadLetterQueue: closed }, other)).json()).toMatchObject({ deadLetters: 0 });
    expectRefused(await open.request("DELETE", `/queue/queues/${closed}`, { as: plain }), 409, "leaks");
    await putAccess(open.deps, closed, { send: [], receive: [], manage: [] }, mine());
    expect((await get("leaks", other)).json()).toMatchObject({ deadLetterQueue: closed, deadLetters: null });
    expect((await open.request("DELETE", `/queue/queues/${closed}`, { as: plain })).status).toBe(204);
  });

  it("keeps its dead letters once its owner may not send to the dead-letter queue any more", async () => {
    const { other } = open.people;
    const closed = await privateQueue({ send: [other.account.id] });
    await put("keeps", { deadLetterQueue: closed, maxReceives: 1, backoffSeconds: 0 }, other);
    const use = async (verb: string, body: object) => {
      const response = await open.request("POST", `/queue/queues/keeps/${verb}`, { as: other, body });
      return response.json<{ messages: { body: number; receipt: string }[] }>().messages;
    };
    const nackAll = async () =>
      use("nack", { receipts: (await use("receive", { max: 10 })).map((one) => one.receipt) });
    await use("messages", { body: 1 });
    await nackAll();
    expect((await get(closed)).json()).toMatchObject({ counts: { length: 1 } });
    await putAccess(open.deps, closed, { send: [], receive: [], manage: [] }, mine());
    await use("messages", { body: 2 });
    await nackAll();
    expect((await get(closed)).json()).toMatchObject({ counts: { length: 1 } });
    const kept = (await get("keeps", other)).json<Parameters<typeof expectConserved>[0]>();
    expect(kept.counts).toMatchObject({ ready: 1, length: 1 });
    expectConserved(kept);
    // The messages that are there go back, by whoever may receive them here and send there.
    await putAccess(open.deps, closed, { send: [], receive: [other.account.id], manage: [] }, mine());
    const redrive = await open.request("POST", `/queue/queues/${closed}/redrive`, { as: open.people.plain });
    expect(redrive.json()).toEqual({ moved: 0 });
    expect((await open.request("POST", `/queue/queues/${closed}/redrive`, { as: other })).json()).toEqual({ moved: 1 });
    expect((await use("receive", { max: 10 })).map((one) => one.body).sort()).toEqual([1, 2]);
  });

  it("is one of a limited number", async () => {
    await using few = await openQueue({ people: open.people, settings: { QUEUE_ACCOUNT_MAX_QUEUES: "2" } });
    const { plain, other, staff } = few.people;
    const puts = Array.from({ length: 5 }, (_, i) => put(`n${i}`, {}, plain, few));
    const refused = (await Promise.all(puts)).filter(({ status }) => status !== 201);
    expect(refused).toHaveLength(3);
    for (const one of refused) {
      expectRefused(one, 429, "2 queues");
      expect(one.headers.get("retry-after")).toMatch(/^\d+$/);
    }
    for (const as of [other, staff]) expect((await put(`of-${as.username}`, {}, as, few)).status).toBe(201);
    const { queues } = (await few.request("GET", "/queue/queues", { as: plain })).json<{
      queues: { name: string }[];
    }>();
    const own = queues.find(({ name }) => name.startsWith("n"))?.name ?? "";
    expect((await put(own, { maxLength: 1 }, plain, few)).status).toBe(200);
    await few.request("DELETE", `/queue/queues/${own}`, { as: plain });
    expect((await put("n9", {}, plain, few)).status).toBe(201);
  });
});

describe("the access", () => {
  const access = (name: string, body?: object, as = open.people.plain) =>
    open.request(body ? "PUT" : "GET", `/queue/queues/${name}/access`, { as, body });

  it("is set and shown", async () => {
    const name = await privateQueue();
    const { plain, other } = open.people;
    const given = { send: ["everyone"], receive: [other.account.id, "staff"], manage: [] };
    const shown = { owner: plain.account.id, ...given };
    expect((await access(name, given)).json()).toEqual(shown);
    expect((await access(name)).json()).toEqual(shown);
    const { owner, ...rights } = shown;
    expect((await open.request("GET", `/queue/queues/${name}`)).json()).toMatchObject({ owner, access: rights });
  });

  it.each([
    [{ send: ["all"] }, "send.0"],
    [{ receive: [0] }, "receive.0"],
    [{ manage: ["1"] }, "manage.0"],
    [{ send: 1 }, "send"],
    [{ send: Array.from({ length: 101 }, (_, i) => i + 1) }, "send"],
    [{ read: [] }, "read"],
    [{ owner: "me" }, "owner"],
  ])("rejects %j", async (body, field) => {
    expectProblem(await access(await privateQueue(), body), 422, field);
  });

  it("has a new owner when staff names one, for the queue of an account that is gone", async () => {
    const name = await privateQueue();
    const { other, staff, plain } = open.people;
    const owner = other.account.id;
    expectProblem(await access(name, { owner }), 403, "owner");
    expect((await access(name, { owner }, staff)).json()).toMatchObject({ owner, send: [] });
    expect((await open.request("GET", `/queue/queues/${name}`, { as: other })).status).toBe(200);
    expectProblem(await open.request("GET", `/queue/queues/${name}`, { as: plain }), 403);
    expect((await access(name, { owner: null, send: ["everyone"] }, staff)).json()).toMatchObject({ owner: null });
    expectProblem(await open.request("POST", `/queue/queues/${name}/receive`, { as: other, body: {} }), 403);
    expect(
      (await open.request("POST", `/queue/queues/${name}/messages`, { as: other, body: { body: 1 } })).status,
    ).toBe(201);
  });

  it("ends for a receiver that waits", async () => {
    const { other } = open.people;
    const name = await privateQueue({ receive: [other.account.id] });
    const waiting = open.request("POST", `/queue/queues/${name}/receive`, { as: other, body: { waitSeconds: 20 } });
    await expect.poll(() => open.deps.waiting.hasWaiting(name)).toBe(true);
    await access(name, {});
    await open.request("POST", `/queue/queues/${name}/messages`, { body: { body: 1 } });
    expectRefused(await waiting, 403, name);
    expect((await open.request("GET", `/queue/queues/${name}`)).json()).toMatchObject({ counts: { ready: 1 } });
  });

  it("is needed to wait, and whoever waits without it disturbs nobody", async () => {
    const { other } = open.people;
    const name = await privateQueue({ receive: [other.account.id] });
    const wait = (as = open.people.plain) =>
      open.request("POST", `/queue/queues/${name}/receive`, { as, body: { max: 1, waitSeconds: 20 } });
    const waiting = [wait(other)];
    await expect.poll(() => open.deps.waiting.hasWaiting(name)).toBe(true);
    waiting.push(wait());
    // The first in the line loses its right, and one that never had it comes behind the others.
    await access(name, {});
    expectRefused(await wait(other), 403, name);
    await open.request("POST", `/queue/queues/${name}/messages`, { body: { body: "for its owner" } });
    const [refused, received] = await Promise.all(waiting);
    if (!refused || !received) throw new Error("Two receivers waited.");
    expectRefused(refused, 403, name);
    expect(received.json()).toMatchObject({ messages: [{ body: "for its owner" }] });
  });

  it("keeps the last of several changes, in whichever order they reach the queue", async () => {
    const name = await privateQueue();
    const versions = await Promise.all(
      ["send", "receive"].map((right) => {
        const text = ` ${right}:everyone `;
        return open.deps.registry.setAccess(name, { access: text, owner: undefined, caller: mine() });
      }),
    );
    for (const [i, found] of [...versions.entries()].reverse()) {
      if (typeof found === "string") throw new Error(found);
      await open.deps.commands.setAccess(name, {
        ...found,
        access: i === 0 ? " send:everyone " : " receive:everyone ",
      });
    }
    expect((await access(name)).json()).toMatchObject({ send: [], receive: ["everyone"] });
  });
});

it("what staff changes is in the audit log, what others change in their own queues is not", async () => {
  const logged: string[] = [];
  const { people } = open;
  const auth: typeof people.auth = {
    ...people.auth,
    beginAction(action) {
      logged.push(`${action.actorId} ${action.method} ${action.path}`);
      return people.auth.beginAction(action);
    },
  };
  await using watched = await openQueue({ prefix: open.prefix, people: { ...people, auth }, settings });
  const path = "/queue/queues/watched";
  for (const as of [people.plain, people.staff]) {
    await watched.request("PUT", path, { as, body: {} });
    await watched.request("PUT", `${path}/access`, { as, body: {} });
    await watched.request("POST", `${path}/purge`, { as });
    await watched.request("GET", path, { as });
  }
  await watched.request("DELETE", path, { as: people.staff });
  const { id } = people.staff.account;
  expect(logged).toEqual([
    `${id} PUT ${path}`,
    `${id} PUT ${path}/access`,
    `${id} POST ${path}/purge`,
    `${id} DELETE ${path}`,
  ]);
});

it("lists the queues that the account has a right to", async () => {
  await using few = await openQueue({ people: open.people });
  const { plain, other, staff } = few.people;
  const list = async (as: typeof plain) => {
    const names: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor === "" ? "?limit=2" : `?limit=2&cursor=${cursor}`;
      const page = (await few.request("GET", `/queue/queues${query}`, { as })).json<{
        queues: { name: string }[];
        nextCursor: string | null;
      }>();
      names.push(...page.queues.map(({ name }) => name));
      cursor = page.nextCursor;
    }
    return names;
  };
  for (const [name, as] of Object.entries({ a: plain, b: other, c: staff, d: plain, e: plain, f: plain })) {
    await few.request("PUT", `/queue/queues/${name}`, { as, body: {} });
  }
  await few.request("PUT", "/queue/queues/e/access", { as: plain, body: { send: [other.account.id] } });
  expect(await list(plain)).toEqual(["a", "c", "d", "e", "f"]);
  expect(await list(other)).toEqual(["b", "c", "e"]);
  expect(await list(staff)).toEqual(["a", "b", "c", "d", "e", "f"]);
});

it("a queue of an earlier version has no owner and is open to all accounts", async () => {
  const fields = { visibilitySeconds: 30, maxReceives: "", deadLetterQueue: "", retentionSeconds: 345_600 };
  const start = {
    delaySeconds: 0,
    maxLength: "",
    createdAt: Date.now(),
    last: 0,
    moves: 0,
    incarnation: randomBytes(4).toString("hex"),
  };
  await open.redis.hset("queue:{earlier}:settings", { ...fields, ...start });
  await open.redis.zadd("registry:{queues}:names", 0, "earlier");
  const { other, staff } = open.people;
  const call = (method: string, path: string, body?: object, as = other) =>
    open.request(method, `/queue/queues/earlier${path}`, { as, body });
  expect((await call("POST", "/messages", { body: 1 })).status).toBe(201);
  expect((await call("POST", "/receive", {})).status).toBe(200);
  expect((await call("GET", "")).json()).toMatchObject({ owner: null, access: { manage: ["staff"] } });
  for (const refused of [call("PUT", "", {}), call("POST", "/purge"), call("DELETE", ""), call("PUT", "/access", {})]) {
    expectRefused(await refused, 403, "earlier");
  }
  expect((await call("PUT", "", { maxLength: 5 }, staff)).json()).toMatchObject({ owner: null, maxLength: 5 });
  expect((await call("DELETE", "", undefined, staff)).status).toBe(204);
  // One with an owner is private even if its access was lost.
  const name = await privateQueue();
  await open.redis.hdel(`queue:{${name}}:settings`, "access");
  expectRefused(await open.request("GET", `/queue/queues/${name}`, { as: other }), 403, name);
});
